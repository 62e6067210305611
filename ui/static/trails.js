/**
 * The paths of codes through a plane, from the run's beginning to now: the past is pale, where a code was dead it is dashed.
 *
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {ReturnType<typeof import("./axes.js").projection>} Projection
 *
 * @typedef {object} Paths by the steps at which the run was looked at
 * @property {Float32Array[]} places [K][2]
 * @property {boolean[][]} dead which codes were
 * @property {boolean[]} cured whether dead codes were moved since the step before; one more than there are steps: since the last
 */

const FULL = 2 * Math.PI;
/** How strong the oldest and the newest piece of a path are. */
const [OLD, NEW] = [0.2, 0.95];

/**
 * @param {CanvasRenderingContext2D} context @param {Projection} at @param {Paths} paths
 * @param {Float32Array} now [K][2] where the codes are @param {boolean[]} dead now
 * @param {number | null} chosen @param {Palette} colours
 */
export function paintTrails(context, at, { places, dead: were, cured }, now, dead, chosen, colours) {
  if (!places.length) return;
  const stops = [...places, now];
  const states = [...were, dead];
  // What a remedy moved did not walk there: such a leap is no part of a path.
  const leapt = (/** @type {number} */ i, /** @type {number} */ code) => cured[i] && states[i - 1][code];
  const faint = chosen === null ? 1 : 0.35;
  context.lineWidth = 1.75;
  context.lineJoin = context.lineCap = "round";
  for (let i = 1; i < stops.length; i++) {
    context.globalAlpha = faint * (OLD + (NEW - OLD) * (i / (stops.length - 1)) ** 1.5);
    context.strokeStyle = colours.trail;
    const then = states[i];
    pieces(context, at, stops[i - 1], stops[i], (code) => !then[code] && !leapt(i, code));
    context.setLineDash([2, 4]);
    pieces(context, at, stops[i - 1], stops[i], (code) => then[code] && !leapt(i, code));
    context.setLineDash([]);
  }
  context.globalAlpha = 1;
  beginnings(context, at, stops[0], colours, faint);
  if (chosen !== null) single(context, at, stops, states, (i) => leapt(i, chosen), chosen, colours);
}

/** @param {CanvasRenderingContext2D} context @param {Projection} at @param {Float32Array} from @param {Float32Array} to @param {(code: number) => boolean} drawn */
function pieces(context, at, from, to, drawn) {
  context.beginPath();
  for (let code = 0; code < to.length / 2; code++) {
    if (!drawn(code)) continue;
    context.moveTo(at.x(from[2 * code]), at.y(from[2 * code + 1]));
    context.lineTo(at.x(to[2 * code]), at.y(to[2 * code + 1]));
  }
  context.stroke();
}

/** A small ring where each path begins. @param {CanvasRenderingContext2D} context @param {Projection} at @param {Float32Array} places @param {Palette} colours @param {number} faint */
function beginnings(context, at, places, colours, faint) {
  context.lineWidth = 1;
  context.strokeStyle = colours.trail;
  context.fillStyle = colours.panel;
  context.globalAlpha = 0.7 * faint;
  context.beginPath();
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [at.x(places[i]), at.y(places[i + 1])];
    context.moveTo(x + 2, y);
    context.arc(x, y, 2, 0, FULL);
  }
  context.fill();
  context.stroke();
  context.globalAlpha = 1;
}

/** The path of the code that somebody points at. @param {CanvasRenderingContext2D} context @param {Projection} at @param {Float32Array[]} stops @param {boolean[][]} dead @param {(i: number) => boolean} leapt @param {number} code @param {Palette} colours */
function single(context, at, stops, dead, leapt, code, colours) {
  const [x, y] = [0, 1].map((axis) => stops.map((places) => (axis ? at.y(places[2 * code + 1]) : at.x(places[2 * code]))));
  context.strokeStyle = context.fillStyle = colours.accent;
  context.lineWidth = 2;
  for (let i = 1; i < stops.length; i++) {
    context.setLineDash(dead[i][code] ? [2, 4] : []);
    context.globalAlpha = leapt(i) ? 0.2 : 1;
    context.beginPath();
    context.moveTo(x[i - 1], y[i - 1]);
    context.lineTo(x[i], y[i]);
    context.stroke();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.beginPath();
  for (let i = 0; i < stops.length - 1; i++) {
    context.moveTo(x[i] + 2, y[i]);
    context.arc(x[i], y[i], i ? 2 : 3.5, 0, FULL);
  }
  context.fill();
}
