/** The numbers of a run: what the curves and tables show. */
import { indexAt } from "./smoothing.js";

/** @typedef {import("./store.js").RunState} RunState @typedef {import("./smoothing.js").Series} Series */

/** The losses of single batches jump about; a table tells their mean over the last so many steps. */
export const RECENT = 100;
const LOSSES = ["recon", "commit", "codebook", "total"];
/** Those that only some runs have. */
const RARE_LOSSES = ["mse", "entropy", "transport"];

/** @param {number} mse of images in 0..1 @returns {number} decibels */
export const psnr = (mse) => -10 * Math.log10(mse);

/** What the codes in use could carry. @param {ArrayLike<number>} perplexity a level */
export const effectiveBits = (perplexity) => Array.from(perplexity).reduce((bits, value) => bits + Math.log2(value), 0);

/** How many codes each level has. @param {{ levels: number, codebook_size: number | number[] }} config @returns {number[]} */
export const sizesOf = ({ levels, codebook_size: size }) => (Array.isArray(size) ? size : new Array(levels).fill(size));

/** "16", or "16/8/4" where levels differ. @param {{ levels: number, codebook_size: number | number[] }} config */
export const sizesText = (config) => [...(new Set(sizesOf(config)).size > 1 ? sizesOf(config) : new Set(sizesOf(config)))].join("/");

/** What they could carry if all were in even use: Σ log₂ K. @param {{ levels: number, codebook_size: number | number[] }} config */
export const nominalBits = (config) => sizesOf(config).reduce((bits, size) => bits + Math.log2(size), 0);

/** The metrics that these runs have, by group. @param {RunState[]} runs @returns {{ group: string, metrics: { name: string, label: string }[] }[]} */
export function metricsOf(runs) {
  const levels = Math.max(1, ...runs.map((run) => run.entry.config.levels));
  const perLevel = Array.from({ length: levels }, (_, level) => ({
    group: `Level ${level + 1}`,
    metrics: [
      { name: `codebook/perplexity/${level}`, label: `perplexity, level ${level + 1}` },
      { name: `codebook/active/${level}`, label: `active codes, level ${level + 1}` },
    ],
  }));
  const rare = RARE_LOSSES.filter((name) => runs.some((run) => run.history?.columns[`loss/${name}`]?.some(Number.isFinite)));
  const losses = [...LOSSES, ...rare].map((name) => ({ name: `loss/${name}`, label: name === "mse" ? "MSE, beside another recon loss" : `${name} loss` }));
  return [{ group: "Losses", metrics: losses }, { group: "Probe images", metrics: [{ name: "probe/mse", label: "probe MSE" }] }, ...perLevel];
}

/** A metric of a run by step. @param {RunState} run @param {string} metric @returns {Series} */
export function seriesOf(run, metric) {
  if (metric === "probe/mse") return { steps: run.probe?.steps ?? [], values: run.probe?.mse ?? [] };
  const values = run.history?.columns[metric];
  return values ? { steps: run.history.steps, values } : { steps: [], values: [] };
}

/**
 * The past that a fork shares with its forebears, as far as they are among the runs: oldest first, in one.
 * @param {RunState} run @param {RunState[]} runs @param {string} metric @returns {Series}
 */
export function pastOf(run, runs, metric) {
  /** @type {number[][]} */
  const [steps, values] = [[], []];
  let [child, until] = [run, Infinity];
  for (const seen = new Set([run.id]); child.entry.parent && !seen.has(child.entry.parent); ) {
    const parent = runs.find(({ id }) => id === child.entry.parent);
    if (!parent) break;
    seen.add(parent.id);
    until = Math.min(until, child.entry.forked_at);
    const series = seriesOf(parent, metric);
    const reach = Array.from(series.steps).filter((step) => step <= until).length;
    steps.unshift(...Array.from(series.steps).slice(0, reach));
    values.unshift(...Array.from(series.values).slice(0, reach));
    child = parent;
  }
  return { steps, values };
}

/**
 * What a run has come to.
 * @param {RunState} run
 * @returns {{ step: number | null, mse: number | null, psnr: number | null, bits: number | null, perplexity: number[],
 *   active: number[], losses: Record<string, number | null>, speed: number | null }}
 */
export function figuresOf(run) {
  const { view, probe, snapshot } = run;
  const levels = run.entry.config.levels;
  const last = probe?.steps.length ? probe.steps.length - 1 : null;
  const mse = view?.probeMse ?? (last === null ? null : probe?.mse[last]) ?? null;
  const level = (/** @type {Float32Array | undefined} */ all) => (last === null || !all ? [] : [...all.slice(last * levels)]);
  const perplexity = view ? [...view.perplexity] : level(probe?.perplexity);
  return {
    step: snapshot?.step ?? null,
    mse,
    psnr: mse === null ? null : psnr(mse),
    bits: perplexity.length ? effectiveBits(perplexity) : null,
    perplexity,
    active: view ? [...view.active] : level(probe?.active),
    losses: Object.fromEntries(LOSSES.map((name) => [name, recent(run, `loss/${name}`)])),
    speed: snapshot?.status === "running" ? snapshot.steps_per_second : null,
  };
}

/** The mean of a loss over the last steps. @param {RunState} run @param {string} metric */
function recent(run, metric) {
  const { steps, values } = seriesOf(run, metric);
  const last = steps[steps.length - 1];
  if (last === undefined) return null;
  const first = Math.max(indexAt(steps, last - RECENT) + 1, 0);
  const known = Array.prototype.slice.call(values, first).filter(Number.isFinite);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

/**
 * Which of these are best, as they are shown; none if there is nothing to choose.
 * @param {(number | null | undefined)[]} values @param {"low" | "high"} better @param {(value: number) => string} shown
 * @returns {Set<number>} their indexes
 */
export function bestOf(values, better, shown) {
  const known = /** @type {number[]} */ (values.filter((value) => Number.isFinite(value)));
  if (known.length < 2) return new Set();
  const text = shown(better === "low" ? Math.min(...known) : Math.max(...known));
  const best = values.flatMap((value, i) => (typeof value === "number" && Number.isFinite(value) && shown(value) === text ? [i] : []));
  return new Set(best.length < known.length ? best : []);
}
