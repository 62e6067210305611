/** How a plane is painted: a quiet ground and quiet points, strong codes. Pure drawing on a canvas context. */
import { niceStep } from "./axes.js";
import { tick } from "./format.js";

/**
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {ReturnType<typeof import("./axes.js").projection>} Projection
 * @typedef {CanvasRenderingContext2D} Context
 */

const FULL = 2 * Math.PI;

/** Grid lines and their numbers. @param {Context} context @param {Projection} at @param {Palette} colours @param {number} width @param {number} height */
export function paintGrid(context, at, colours, width, height) {
  const step = niceStep(Math.max(at.right - at.left, at.top - at.bottom), Math.max(width, height) / 62);
  context.font = "10px system-ui, sans-serif";
  context.lineWidth = 1;
  for (let value = Math.ceil(at.left / step) * step; value <= at.right; value += step) {
    line(context, Math.round(at.x(value)) + 0.5, 0, 0, height, ruled(value, step, colours));
    label(context, tick(value, step), at.x(value) + 3, height - 4, width, colours);
  }
  for (let value = Math.ceil(at.bottom / step) * step; value <= at.top; value += step) {
    line(context, 0, Math.round(at.y(value)) + 0.5, width, 0, ruled(value, step, colours));
    if (at.y(value) < height - 18) label(context, tick(value, step), 3, at.y(value) - 3, width, colours);
  }
}

/** @param {number} value @param {number} step @param {Palette} colours */
const ruled = (value, step, colours) => (Math.abs(value) < step / 2 ? colours.axis : colours.grid);

/** @param {Context} context @param {number} x @param {number} y @param {number} dx @param {number} dy @param {string} colour */
function line(context, x, y, dx, dy, colour) {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + dx, y + dy);
  context.stroke();
}

/** A remark in the corner. @param {Context} context @param {string} text @param {number} width @param {number} height @param {Palette} colours */
export function paintWords(context, text, width, height, colours) {
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  context.textBaseline = "top";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = colours.panel;
  context.strokeText(text, width - 10, 8);
  context.fillStyle = colours.quiet;
  context.fillText(text, width - 10, 8);
}

/** @param {Context} context @param {string} text @param {number} x @param {number} y @param {number} width @param {Palette} colours */
function label(context, text, x, y, width, colours) {
  if (x > width - 24) return;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = colours.quiet;
  context.fillText(text, x, y);
}

/**
 * Points, one path a digit; those that do not stand out fade.
 * @param {Context} context @param {Projection} at @param {Float32Array} points @param {Uint8Array} labels
 * @param {boolean[] | null} mask @param {Palette} colours @param {number} radius
 */
export function paintPoints(context, at, points, labels, mask, colours, radius) {
  for (const standsOut of mask ? [false, true] : [true]) {
    context.globalAlpha = standsOut ? (mask ? 0.9 : 0.55) : 0.1;
    colours.digits.forEach((colour, digit) => {
      context.beginPath();
      for (let i = 0; i < labels.length; i++) {
        if (labels[i] !== digit || (mask && mask[i] !== standsOut)) continue;
        const [x, y] = [at.x(points[2 * i]), at.y(points[2 * i + 1])];
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, FULL);
      }
      context.fillStyle = colour;
      context.fill();
    });
  }
  context.globalAlpha = 1;
}

/**
 * Lines from each point to its end, and a mark at the end.
 * @param {Context} context @param {Projection} at @param {Float32Array} points @param {Float32Array} ends
 * @param {Uint8Array} labels @param {boolean[] | null} mask @param {Palette} colours
 */
export function paintLines(context, at, points, ends, labels, mask, colours) {
  context.lineWidth = 1;
  colours.digits.forEach((colour, digit) => {
    context.beginPath();
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== digit || (mask && !mask[i])) continue;
      context.moveTo(at.x(points[2 * i]), at.y(points[2 * i + 1]));
      context.lineTo(at.x(ends[2 * i]), at.y(ends[2 * i + 1]));
    }
    context.strokeStyle = colour;
    context.globalAlpha = mask ? 0.8 : 0.4;
    context.stroke();
  });
  context.globalAlpha = 0.85;
  context.fillStyle = colours.code;
  for (let i = 0; i < labels.length; i++) {
    if (!mask || mask[i]) context.fillRect(at.x(ends[2 * i]) - 1.5, at.y(ends[2 * i + 1]) - 1.5, 3, 3);
  }
  context.globalAlpha = 1;
}

/**
 * Each digit's name at its place, so that colour is never the only sign.
 * @param {Context} context @param {Projection} at @param {Float32Array} places [10][2], NaN for a digit without points
 * @param {number | null} only @param {Palette} colours
 */
export function paintNames(context, at, places, only, colours) {
  context.font = "bold 14px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (let digit = 0; digit < 10; digit++) {
    if (only !== null && digit !== only) continue;
    const [x, y] = [places[2 * digit], places[2 * digit + 1]];
    if (Number.isNaN(x)) continue;
    context.lineWidth = 3.5;
    context.strokeStyle = colours.panel;
    context.strokeText(`${digit}`, at.x(x), at.y(y));
    context.fillStyle = colours.digits[digit];
    context.fillText(`${digit}`, at.x(x), at.y(y));
  }
}

/** A code's radius: its area grows with its use. @param {number} share 0..1 @param {boolean} dead @param {number} size */
export const codeRadius = (share, dead, size) => (dead ? 4 * Math.max(size, 0.85) : size * (3.5 + 22 * Math.sqrt(share)));

/**
 * Codes: filled when active, hollow and dashed when dead, numbered where there is room.
 * @param {Context} context @param {Projection} at @param {Float32Array} codes @param {number[]} shares @param {boolean[]} dead
 * @param {number | null} chosen @param {Palette} colours @param {number} size
 */
export function paintCodes(context, at, codes, shares, dead, chosen, colours, size) {
  const order = Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a]);
  for (const code of order) {
    const [x, y] = [at.x(codes[2 * code]), at.y(codes[2 * code + 1])];
    const radius = codeRadius(shares[code], dead[code], size);
    context.beginPath();
    context.arc(x, y, radius, 0, FULL);
    if (dead[code]) paintDead(context, colours);
    else paintActive(context, colours);
    if (code === chosen) ring(context, x, y, radius + 4, colours.accent);
    if (!dead[code] && radius >= 7) number(context, code, x, y, radius, colours);
  }
}

/** @param {Context} context @param {Palette} colours */
function paintDead(context, colours) {
  context.lineWidth = 3;
  context.strokeStyle = colours.panel;
  context.stroke();
  context.lineWidth = 1.5;
  context.strokeStyle = colours.code;
  context.setLineDash([2, 2]);
  context.stroke();
  context.setLineDash([]);
}

/** @param {Context} context @param {Palette} colours */
function paintActive(context, colours) {
  context.fillStyle = colours.code;
  context.globalAlpha = 0.93;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = colours.panel;
  context.stroke();
}

/** @param {Context} context @param {number} x @param {number} y @param {number} radius @param {string} colour */
function ring(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, FULL);
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.stroke();
}

/** @param {Context} context @param {number} code @param {number} x @param {number} y @param {number} radius @param {Palette} colours */
function number(context, code, x, y, radius, colours) {
  const size = Math.round(Math.min(12, (radius * 2.1) / Math.max(`${code}`.length, 1.7))); // each new size costs a font
  if (size < 7) return;
  context.font = `bold ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colours["on-code"];
  context.fillText(`${code}`, x, y + 0.5);
}
