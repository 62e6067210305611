/** Runs by the values of two settings, and the steps at which they can be looked at side by side. */
import { begun, swept } from "./settings.js";

/** @typedef {import("./store.js").RunState} RunState */
/** @typedef {{ runs: RunState[], value: number | null }} Cell its value is the mean of its runs' */

const ENDED = ["stopped", "failed", "lost"];

/** The settings that can be an axis, those with most values first. @param {RunState[]} runs */
export function axesOf(runs) {
  return swept(runs)
    .map((name) => ({ name, count: valuesOf(runs, name).length }))
    .sort((a, b) => b.count - a.count)
    .map(({ name }) => name);
}

/** A setting's values among the runs, ascending. @param {RunState[]} runs @param {string} name @returns {(number | string)[]} */
export const valuesOf = (runs, name) =>
  [...new Set(runs.map((run) => begun(run, name)))].sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : `${a}`.localeCompare(`${b}`, "en", { numeric: true })));

/**
 * @param {RunState[]} runs @param {string} across @param {string} down names of settings
 * @param {(run: RunState) => number | null} read
 * @returns {{ columns: (number | string)[], rows: (number | string)[], cells: (Cell | null)[][] }} null where no run is
 */
export function gridOf(runs, across, down, read) {
  const [columns, rows] = [valuesOf(runs, across), valuesOf(runs, down)];
  const cells = rows.map((row) =>
    columns.map((column) => {
      const there = runs.filter((run) => begun(run, across) === column && begun(run, down) === row);
      const known = /** @type {number[]} */ (there.map(read).filter((value) => Number.isFinite(value)));
      const value = known.length ? known.reduce((sum, number) => sum + number, 0) / known.length : null;
      return there.length ? { runs: there, value } : null;
    }),
  );
  return { columns, rows, cells };
}

/**
 * The steps at which all runs were seen through the probe. A run that has ended does not hold the others back; once all
 * have, it is the one that came furthest that counts.
 * @param {RunState[]} runs @returns {number[]} ascending
 */
export function sharedSteps(runs) {
  const seen = runs.filter((run) => run.probe?.steps.length);
  const live = seen.filter((run) => !ENDED.includes(run.entry.status));
  const furthest = seen.toSorted((a, b) => last(b) - last(a)).slice(0, 1);
  const [first, ...others] = live.length ? live : furthest;
  if (!first?.probe) return [];
  const known = others.map((run) => new Set(run.probe?.steps));
  return [...first.probe.steps].filter((step) => known.every((steps) => steps.has(step)));
}

/** @param {RunState} run */
const last = (run) => run.probe?.steps.at(-1) ?? 0;

/** What a run's probe says at a step. @param {RunState} run @param {string} metric "mse", "perplexity/l" or "active/l", l from 0 @param {number} step */
export function probeAt(run, metric, step) {
  const [name, level] = metric.split("/");
  const i = run.probe?.steps.indexOf(step) ?? -1;
  const levels = run.entry.config.levels;
  if (!run.probe || i < 0 || Number(level ?? 0) >= levels) return null;
  return name === "mse" ? run.probe.mse[i] : run.probe[/** @type {"active" | "perplexity"} */ (name)][i * levels + Number(level)];
}
