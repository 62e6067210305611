/** The settings of runs, and in which of them the runs differ. */
import { weight } from "../format.js";

/** @typedef {import("./store.js").RunState} RunState */

/** In the order in which they are told. */
export const LABELS = /** @type {Record<string, string>} */ ({
  commit: "λ_commit",
  codebook: "λ_codebook",
  learning_rate: "learning rate",
  levels: "levels",
  codebook_size: "codebook size",
  batch_size: "batch size",
  seed: "seed",
  latent_dim: "latent dimension",
  init_scale: "code scale",
  schedule_steps: "schedule steps",
  recon_loss: "reconstruction loss",
  loss_form: "loss form",
  codebook_update: "codebook update",
  gradient_estimator: "gradient estimator",
  codebook_init: "codebook initialisation",
  distance: "distance",
  optimizer: "optimizer",
  schedule: "schedule",
  dataset: "data set",
});

/** What a run began with. @param {RunState} run @param {string} name @returns {number | string} */
export const begun = ({ entry: { config } }, name) => config.lambdas[name] ?? config[name];

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
  const parts = runs.map(({ entry }) => entry.name.split(" · ").map((part) => part.match(NAMED)));
  const labels = parts.map((found) => (found.every(Boolean) ? found.map((part) => part[1]).join(" · ") : ""));
  const count = (/** @type {string} */ of) => labels.filter((label) => label && label === of).length;
  const of = labels.reduce((most, label) => (count(label) > count(most) ? label : most), "");
  if (count(of) < 2) return { of: "", names: runs.map(({ entry }) => entry.name) };
  return { of, names: runs.map(({ entry }, i) => (labels[i] === of ? parts[i].map((part) => part[2]).join(" · ") : entry.name)) };
}

/** A setting and its value, and at the end what a fork adds to its parent's name. */
const NAMED = new RegExp(`^(${Object.values(LABELS).join("|")}) (\\S+(?: ↳.*)?)$`);
