/** A bar a code: how often it was chosen in the window, against the share below which it is dead; below it, how far it moves. */

/** Pixels that the longest bar of motion hangs down. */
const HANGING = 9;

/**
 * @param {HTMLCanvasElement} canvas @param {number[]} used @param {boolean[]} dead @param {number} threshold
 * @param {number | null} chosen @param {import("./palette.js").Palette} colours @param {Float32Array} [motion] of each code
 */
export function paintBars(canvas, used, dead, threshold, chosen, colours, motion) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || height < 8) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const slot = width / used.length;
  const numbered = slot >= 13 && height >= 34;
  const hanging = motion && height >= 64 ? HANGING : 0;
  const base = height - (numbered ? 12 : 1) - hanging;
  const top = Math.max(...used, 4 * threshold);
  used.forEach((share, code) => {
    const bar = Math.max((share / top) * (base - 2), dead[code] ? 0 : 1);
    context.fillStyle = code === chosen ? colours.text : dead[code] ? colours.bad : colours.accent;
    context.globalAlpha = code === chosen ? 1 : 0.85;
    context.fillRect(code * slot + (slot > 3 ? 1 : 0), base - bar, Math.max(slot - (slot > 3 ? 2 : 0), 0.5), bar);
    if (numbered) number(context, code, (code + 0.5) * slot, height - 1, dead[code] ? colours.bad : colours.quiet);
  });
  if (motion && hanging) paintMotion(context, motion, base + 1, slot, colours);
  context.globalAlpha = 1;
  context.fillStyle = colours.axis;
  context.fillRect(0, base, width, 1);
  thresholdLine(context, base - (threshold / top) * (base - 2), width, colours.bad);
}

/** @param {CanvasRenderingContext2D} context @param {Float32Array} motion @param {number} top @param {number} slot @param {import("./palette.js").Palette} colours */
function paintMotion(context, motion, top, slot, colours) {
  const most = motion.reduce((longest, value) => Math.max(longest, value), 0);
  context.fillStyle = colours.quiet;
  context.globalAlpha = 0.6;
  motion.forEach((value, code) => {
    context.fillRect(code * slot + (slot > 3 ? 1 : 0), top, Math.max(slot - (slot > 3 ? 2 : 0), 0.5), most ? (value / most) * (HANGING - 1) : 0);
  });
}

/** @param {CanvasRenderingContext2D} context @param {number} code @param {number} x @param {number} y @param {string} colour */
function number(context, code, x, y, colour) {
  context.font = "9px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillStyle = colour;
  context.globalAlpha = 1;
  context.fillText(`${code}`, x, y);
}

/** @param {CanvasRenderingContext2D} context @param {number} y @param {number} width @param {string} colour */
function thresholdLine(context, y, width, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
}
