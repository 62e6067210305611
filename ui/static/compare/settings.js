/** The settings of runs, and in which of them the runs differ. */
import { weight } from "../format.js";

/** @typedef {import("./store.js").RunState} RunState */

/** Labels by name, in the order in which settings are told: the server's, once `know` heard of them. */
export const LABELS = /** @type {Record<string, string>} */ ({});

/** @param {Record<string, { label: string }>} axes the settings that can be swept */
export function know(axes) {
  for (const [name, { label }] of Object.entries(axes)) LABELS[name] = label;
  LABELS.dataset = "data set";
}

/** What a run began with. @param {RunState} run @param {string} name @returns {number | string} */
export const begun = ({ entry: { config } }, name) => plain(config.lambdas[name] ?? config[name]);

/** Sizes of levels as people write them: 16/8/4. @param {any} value @returns {number | string} */
export const plain = (value) => (Array.isArray(value) ? value.join("/") : value);

/** What holds now. @param {RunState} run @param {string} name @returns {number | string} */
export const now = (run, name) => run.entry.live?.[name] ?? begun(run, name);

/** Names of the settings in which runs began, or are now, unlike each other. @param {RunState[]} runs */
export const differing = (runs) => differingBy(runs, begun, now);

/** Those in which they began unlike each other: what a sweep varies. @param {RunState[]} runs */
export const swept = (runs) => differingBy(runs, begun);

/** @param {RunState[]} runs @param {((run: RunState, name: string) => number | string)[]} readings */
const differingBy = (runs, ...readings) =>
  Object.keys(LABELS).filter((name) => readings.some((read) => new Set(runs.map((run) => read(run, name))).size > 1));

/** A value as people write it. @param {number | string} value */
export const worded = (value) => (typeof value === "number" ? weight(value) : value);

/** "0.25", or "0.25 → 4" once it was changed. @param {RunState} run @param {string} name */
export function told(run, name) {
  const [first, last] = [begun(run, name), now(run, name)];
  return first === last ? worded(first) : `${worded(first)} → ${worded(last)}`;
}

/**
 * Names that fit beside a curve. Runs of a sweep are named by the same settings, "λ_commit 0.25 · seed 1": there the values
 * are enough, under the names of the settings. Others keep their names.
 * @param {RunState[]} runs @returns {{ of: string, names: string[] }} what most names are values of, or ""
 */
export function shortNames(runs) {
  const named = new RegExp(`^(${Object.values(LABELS).join("|")}) (\\S+(?: ↳.*)?)$`); // at the end, what a fork adds to its parent's name
  const parts = runs.map(({ entry }) => entry.name.split(" · ").map((part) => part.match(named)));
  const labels = parts.map((found) => (found.every(Boolean) ? found.map((part) => part[1]).join(" · ") : ""));
  const count = (/** @type {string} */ of) => labels.filter((label) => label && label === of).length;
  const of = labels.reduce((most, label) => (count(label) > count(most) ? label : most), "");
  if (count(of) < 2) return { of: "", names: runs.map(({ entry }) => entry.name) };
  return { of, names: runs.map(({ entry }, i) => (labels[i] === of ? parts[i].map((part) => part[2]).join(" · ") : entry.name)) };
}
