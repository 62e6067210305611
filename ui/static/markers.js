/** What happened to a run, as markers on its curves: changes of settings, remedies, a return from a crash. Words and looks, for Plotly. */
import { listed, weight, whole } from "./format.js";

/** @typedef {import("./history.js").Change} Change */

const MOST_MARKERS = 40;
/** @type {Record<string, string>} */
const NAMES = {
  commit: "λ_commit", codebook: "λ_codebook", entropy: "λ_entropy", transport: "λ_transport", learning_rate: "learning rate",
  entropy_temperature: "temperature", transport_epsilon: "transport ε", ema_decay: "EMA decay",
  dead_threshold: "dead below", dead_window: "window", remedy_every: "remedy every",
};

/**
 * A drag of a slider is many changes close together, but one marker; so are the turns of a remedy that acts again and again.
 * @param {Change[]} changes @param {number} reach of a drag, in steps @param {number} [far] from one turn of a remedy to the next
 */
export function merged(changes, reach, far = reach) {
  /** @type {Change[]} */
  const kept = [];
  for (const change of changes) {
    const last = kept.findLast((other) => other.name === change.name && other.remedy === change.remedy && other.by === change.by);
    const gap = change.step - (last?.last ?? last?.step ?? -Infinity);
    if (last && change.name === "remedy" && change.by === "run" && gap <= far) {
      Object.assign(last, { times: (last.times ?? 1) + 1, moved: added(last.moved ?? [], change.moved ?? []), last: change.step });
    } else if (last && change.name !== "remedy" && gap <= reach) Object.assign(last, { new: change.new, last: change.step });
    else kept.push({ ...change });
  }
  return kept.filter((change) => change.name === "remedy" || change.old !== change.new).slice(-MOST_MARKERS);
}

/** @param {[number, number][]} one @param {[number, number][]} other how many codes, a level */
function added(one, other) {
  const sums = new Map(one);
  for (const [level, count] of other) sums.set(level, (sums.get(level) ?? 0) + count);
  return [...sums].sort(([a], [b]) => a - b);
}

/** "reinit: 3 codes of level 1 and 2 of level 2", or "reinit, 4 times: …". @param {Change} change */
export function remedyWords({ remedy, moved = [], times = 1 }) {
  const codes = moved.map(([level, count], i) => `${count}${i ? "" : count === 1 ? " code" : " codes"} of level ${level + 1}`);
  return `${remedy}${times > 1 ? `, ${times} times` : ""}: ${listed(codes) || "nothing was dead"}`;
}

/** @param {Change} change */
export function markerWords(change) {
  const { name, old, new: now } = change;
  if (name === "remedy") return remedyWords(change);
  if (name === "recovered") return `recovered (was at ${whole(old)})`;
  return `${NAMES[name] ?? name} ${weight(old)} → ${weight(now)}`;
}

/** @param {Change} change @param {import("./palette.js").Palette} colours */
export function marker({ step, last, name }, colours) {
  const line = { color: name === "remedy" ? colours.accent : colours.quiet, width: 1, dash: name === "remedy" ? "dot" : "dash" };
  if (name !== "remedy" || !last || last === step) return { type: "line", xref: "x", yref: "paper", x0: step, x1: step, y0: 0, y1: 1, line };
  return { type: "rect", xref: "x", yref: "paper", x0: step, x1: last, y0: 0, y1: 1, line: { ...line, width: 0 }, fillcolor: colours.accent, opacity: 0.07 };
}

/** @param {Change} change @param {number} i @param {boolean} late in the right half @param {import("./palette.js").Palette} colours */
export const markerText = (change, i, late, colours) => ({
  x: change.step, xref: "x", y: 1 - 0.1 * (i % 4), yref: "paper", xanchor: late ? "right" : "left", yanchor: "top", showarrow: false,
  xshift: late ? -2 : 2, text: markerWords(change), font: { size: 10, color: colours.text }, bgcolor: colours.panel, opacity: 0.9,
});
