/** What Plotly draws of the curves: for each run its past, its raw values, its smoothed values, and its markers. */
import { merged, remedyWords } from "../markers.js";
import { LABELS, worded } from "./settings.js";
import { pastOf, seriesOf } from "./figures.js";
import { smoothed, thinned, valueAt } from "./smoothing.js";
import { runColour, runDash } from "./colours.js";

/**
 * @typedef {import("./store.js").RunState} RunState
 * @typedef {import("./smoothing.js").Series} Series
 * @typedef {{ step: number, value: number, text: string }} Mark a change of a setting, or a fork
 * @typedef {{ run: RunState, colour: string, raw: Series, line: Series, past: Series, marks: Mark[] }} Curve
 */

const MOST_MARKS = 20;
/** Changes of one setting closer together than this are one: a drag of a slider. */
const DRAG = 25;
/** Turns of a run's own remedy closer together than this are one mark. */
const REPEATED = 250;

/** @param {RunState[]} runs @param {string} metric @param {number} reach of the smoothing, in steps @param {boolean} dark @returns {Curve[]} */
export function curvesOf(runs, metric, reach, dark) {
  return runs.map((run) => {
    const [raw, past] = [seriesOf(run, metric), pastOf(run, runs, metric)];
    const whole = smoothed({ steps: [...past.steps, ...raw.steps], values: [...past.values, ...raw.values] }, reach);
    const line = part(whole, past.steps.length);
    return { run, colour: runColour(run.index, dark), raw, line, past: part(whole, 0, past.steps.length), marks: marksOf(run, line) };
  });
}

/** @param {Series} series @param {number} from @param {number} [to] indexes @returns {Series} */
const part = ({ steps, values }, from, to) => ({ steps: Array.from(steps).slice(from, to), values: Array.from(values).slice(from, to) });

/** @param {RunState} run @param {Series} line */
function marksOf(run, line) {
  /** @type {Mark[]} */
  const marks = [];
  const { parent, forked_at: forked } = run.entry;
  if (parent) marks.push({ step: forked, value: line.values[0], text: `forked at step ${forked.toLocaleString("en")}` });
  for (const change of merged(run.history?.changes ?? [], DRAG, REPEATED)) {
    const value = valueAt(line, change.step);
    if (value !== undefined) marks.push({ step: change.step, value, text: wordsOf(change) });
  }
  return marks.filter(({ value }) => Number.isFinite(value)).slice(-MOST_MARKS);
}

/** @param {import("../history.js").Change} change */
function wordsOf(change) {
  const { step, name, old, new: now } = change;
  if (name === "recovered") return `recovered at step ${worded(now)}, was at ${worded(old)}`;
  const what = name === "remedy" ? remedyWords(change) : `${LABELS[name] ?? name} ${worded(old)} → ${worded(now)}`;
  return `${what} from step ${step.toLocaleString("en")}`;
}

/**
 * @param {Curve[]} curves @param {[number, number]} range the steps in sight @param {number} columns pixels across @param {boolean} log
 * @param {boolean} smooth the lines are, so that the raw values show too
 */
export function tracesOf(curves, range, columns, log, smooth) {
  const each = (/** @type {(curve: Curve) => object[]} */ traces) => curves.flatMap(traces);
  const fine = Math.max(60, Math.min(columns / 2, 3000 / curves.length));
  return [
    ...each((curve) => (curve.past.steps.length ? [trace(curve, "past", thinned(curve.past, ...range, fine / 2), log)] : [])),
    ...each((curve) => (!smooth ? [] : [trace(curve, "raw", thinned(curve.raw, ...range, curves.length > FEW ? fine / 2 : fine), log, Math.min(LOOKS.raw.opacity, PALE / curves.length))])),
    ...each((curve) => [trace(curve, "line", thinned(curve.line, ...range, fine), log)]),
    ...each((curve) => (curve.marks.length ? [markers(curve)] : [])),
  ];
}

/** The opacity of all raw curves together: over one another they would hide the smoothed ones. */
const PALE = 0.7;
const LOOKS = { past: { width: 5, opacity: 0.22 }, raw: { width: 1, opacity: 0.22 }, line: { width: 2, opacity: 1 } };
/** Beyond so many runs the raw curves are drawn with fewer points. */
const FEW = 4;
/** This part of the steps does not decide which values are in sight: a loss falls fast at first. */
const BEGINNING = 0.12;

/** @param {Curve} curve @param {"past" | "raw" | "line"} kind @param {Series} series @param {boolean} log @param {number} [opacity] */
function trace({ run, colour }, kind, { steps, values }, log, opacity = LOOKS[kind].opacity) {
  return {
    type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, name: kind, uid: `${kind}-${run.index}`,
    x: steps, y: log ? Array.from(values, (value) => (value > 0 ? value : null)) : values, opacity,
    line: { color: colour, width: LOOKS[kind].width, dash: kind === "line" ? runDash(run.index) : "solid", simplify: true },
  };
}

/** @param {Curve} curve */
function markers({ run, colour, marks }) {
  return {
    type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false, uid: `marks-${run.index}`,
    x: marks.map(({ step }) => step), y: marks.map(({ value }) => value),
    marker: { color: colour, size: 9, symbol: marks.map(({ text }) => (text.startsWith("forked") ? "circle-open" : "diamond")), line: { width: 2, color: colour } },
  };
}

/**
 * The values in sight: those of the lines once the first fall is over; undefined: all.
 * @param {Curve[]} curves @param {[number, number]} range steps @param {boolean} log
 */
export function valuesInSight(curves, [from, to], log) {
  let [low, high] = [Infinity, -Infinity];
  for (const { line: { steps, values } } of curves) {
    for (let i = 0; i < steps.length; i++) {
      if (steps[i] < from + BEGINNING * (to - from) || steps[i] > to || !(values[i] > (log ? 0 : -Infinity))) continue;
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
  }
  if (low > high) return undefined;
  const ends = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const room = Math.max(0.1 * (ends[1] - ends[0]), log ? 0.02 : 0.02 * Math.abs(high), 1e-9);
  return [ends[0] - room, ends[1] + 2 * room];
}

/**
 * @param {{ colours: import("../palette.js").Palette, scale: string, last: number, values: number[] | undefined, revision: string, width: number, height: number }} look
 */
export function layoutOf({ colours, scale, last, values, revision, width, height }) {
  const axis = { gridcolor: colours.grid, zeroline: false, linecolor: colours.grid, tickfont: { size: 10 } };
  const coarse = matchMedia("(pointer: coarse)").matches;
  return {
    uirevision: revision,
    width,
    height,
    margin: { l: 44, r: 8, t: 6, b: 24 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { family: "system-ui, sans-serif", color: colours.quiet, size: 11 },
    hovermode: false,
    showlegend: false,
    dragmode: coarse ? false : "zoom",
    xaxis: { ...axis, showgrid: false, range: [0, Math.max(last, 10)], tickformat: ",d", nticks: Math.max(3, Math.floor(width / 80)) },
    yaxis: { ...axis, type: scale, ...(values ? { range: values } : {}), tickformat: "~g", nticks: 6 },
  };
}
