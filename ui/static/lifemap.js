/** How a map of codes × steps is painted. Pure drawing on a canvas. */
import { niceStep } from "./axes.js";
import { whole } from "./format.js";

/**
 * @typedef {import("./lifetimes.js").Column} Column
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {CanvasRenderingContext2D} Context
 * @typedef {readonly [number, number, number, number]} Rectangle left, top, width, height
 */

const [LEFT, TOP, BOTTOM] = [20, 5, 15];
/** Pixels of a row from which each has its number. */
const NUMBERED = 9;
const HATCH = 5;

/** @param {HTMLCanvasElement} canvas @param {Column[]} columns @param {number} size */
function frameOf({ clientWidth, clientHeight }, columns, size) {
  const [width, height] = [clientWidth - LEFT - 1, clientHeight - TOP - BOTTOM];
  const [first, last] = [columns[0]?.from ?? 0, columns.at(-1)?.to ?? 1];
  const x = (/** @type {number} */ step) => LEFT + (width * (step - first)) / Math.max(last - first, 1);
  return { width, height, row: height / size, first, last, x };
}

/** What lies at a place. @param {HTMLCanvasElement} canvas @param {Column[]} columns @param {number} size @param {number} x @param {number} y pixels */
export function cellAt(canvas, columns, size, x, y) {
  const { first, last, width, row } = frameOf(canvas, columns, size);
  const step = first + ((x - LEFT) / width) * (last - first);
  const column = columns.findIndex(({ to }) => step <= to);
  const code = Math.min(Math.max(Math.floor((y - TOP) / row), 0), size - 1);
  return { code, column: column < 0 ? columns.length - 1 : column };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ columns: Column[], size: number, most: number, remedies: number[], chosen: number | null, column: number | null }} shown
 * most: the share that is darkest
 * @param {Palette} colours
 */
export function paintMap(canvas, { columns, size, most, remedies, chosen, column }, colours) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const { clientWidth, clientHeight } = canvas;
  if (clientHeight < TOP + BOTTOM + 8 || clientWidth < LEFT + 20) return;
  const [wide, high] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  const frame = frameOf(canvas, columns, size);
  /** @returns {Rectangle} */
  const box = (/** @type {{ from: number, to: number }} */ { from, to }, /** @type {number} */ code) => {
    const [left, right, top, bottom] = [frame.x(from), frame.x(to), TOP + code * frame.row, TOP + (code + 1) * frame.row].map((at) => Math.round(at * ratio) / ratio);
    return [left, top, Math.max(right - left, 1 / ratio), Math.max(bottom - top, 1 / ratio)];
  };
  paintUse(context, columns, size, most, box, colours);
  paintDead(context, columns, size, box, colours);
  paintAxes(context, frame, size, clientHeight, colours);
  for (const step of remedies) if (step >= frame.first && step <= frame.last) paintRemedy(context, frame.x(step), frame.height, colours);
  if (chosen !== null) outline(context, [LEFT, TOP + chosen * frame.row, frame.width, frame.row], colours.accent);
  if (chosen !== null && column !== null && columns[column]) outline(context, box(columns[column], chosen), colours.text);
}

/** @param {Context} context @param {Column[]} columns @param {number} size @param {number} most @param {(column: Column, code: number) => Rectangle} box @param {Palette} colours */
function paintUse(context, columns, size, most, box, colours) {
  context.fillStyle = colours.heat;
  for (const column of columns) {
    for (let code = 0; code < size; code++) {
      if (column.dead[code]) continue;
      context.globalAlpha = 0.12 + 0.88 * Math.sqrt(column.shares[code] / (most || 1));
      context.fillRect(...box(column, code));
    }
  }
  context.globalAlpha = 1;
}

/** One rectangle for as long as a code stays dead. @param {Context} context @param {Column[]} columns @param {number} size @param {(column: { from: number, to: number }, code: number) => Rectangle} box @param {Palette} colours */
function paintDead(context, columns, size, box, colours) {
  context.beginPath();
  for (let code = 0; code < size; code++) {
    for (let i = 0; i < columns.length; i++) {
      if (!columns[i].dead[code]) continue;
      let end = i;
      while (columns[end + 1]?.dead[code]) end += 1;
      context.rect(...box({ from: columns[i].from, to: columns[end].to }, code));
      i = end;
    }
  }
  context.fillStyle = hatching(context, colours.bad);
  context.globalAlpha = 0.45;
  context.fill();
  context.globalAlpha = 1;
}

/** Diagonal lines: a sign that needs no colour. @param {Context} context @param {string} colour */
function hatching(context, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = HATCH * 2;
  const pen = /** @type {Context} */ (tile.getContext("2d"));
  pen.scale(2, 2);
  pen.strokeStyle = colour;
  pen.lineWidth = 0.8;
  pen.beginPath();
  for (const shift of [-HATCH, 0, HATCH]) {
    pen.moveTo(shift - 1, HATCH + 1);
    pen.lineTo(shift + HATCH + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(0.5));
  return pattern ?? colour;
}

/** @param {Context} context @param {ReturnType<typeof frameOf>} frame @param {number} size @param {number} bottom @param {Palette} colours */
function paintAxes(context, { width, height, row, first, last, x }, size, bottom, colours) {
  context.strokeStyle = colours.axis;
  context.lineWidth = 1;
  context.strokeRect(LEFT - 0.5, TOP - 0.5, width + 1, height + 1);
  context.font = "9px system-ui, sans-serif";
  context.fillStyle = colours.quiet;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const every = row >= NUMBERED ? 1 : Math.max(1, niceStep(size, height / 14));
  for (let code = 0; code < size; code += every) context.fillText(`${code}`, LEFT - 4, TOP + (code + 0.5) * row);
  context.textBaseline = "alphabetic";
  const step = Math.max(1, niceStep(Math.max(last - first, 1), width / 64));
  for (let value = Math.ceil(first / step) * step; value <= last; value += step) {
    const at = x(value);
    context.textAlign = at < LEFT + 12 ? "left" : at > LEFT + width - 14 ? "right" : "center";
    context.fillText(whole(value), at, bottom - 3);
  }
}

/** @param {Context} context @param {number} x @param {number} height @param {Palette} colours */
function paintRemedy(context, x, height, colours) {
  context.fillStyle = colours.accent;
  context.beginPath();
  context.moveTo(x - 4, TOP - 5);
  context.lineTo(x + 4, TOP - 5);
  context.lineTo(x, TOP + 1);
  context.fill();
  context.globalAlpha = 0.5;
  context.fillRect(x - 0.5, TOP, 1, height);
  context.globalAlpha = 1;
}

/** @param {Context} context @param {Rectangle} box @param {string} colour */
function outline(context, [left, top, width, height], colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.strokeRect(left, top, width, height);
}
