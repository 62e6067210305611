/** The columns of the table: what each is called, what it says of a run, and which end of it is better. */
import { whole } from "../format.js";
import { figuresOf } from "./figures.js";
import { shown } from "./parts.js";
import { begun, differing, LABELS, now, told } from "./settings.js";

/**
 * @typedef {import("./store.js").RunState} RunState
 * @typedef {ReturnType<typeof figuresOf>} Figures
 *
 * @typedef {object} Column
 * @property {string} id
 * @property {string} label
 * @property {(run: RunState, figures: Figures) => number | string | null} value what it is sorted by
 * @property {(run: RunState, value: any) => string} text
 * @property {"low" | "high"} [better]
 * @property {string} [title]
 */

/** @param {RunState[]} runs @returns {Column[]} */
export function columnsOf(runs) {
  const levels = Math.max(1, ...runs.map((run) => run.entry.config.levels));
  const each = (/** @type {(level: number) => Column} */ column) => Array.from({ length: levels }, (_, level) => column(level));
  return [
    ...differing(runs).map(setting),
    number("step", "step", (_, { step }) => step, whole, undefined, "training steps so far"),
    number("mse", "MSE", (_, { mse }) => mse, (value) => shown(value, "mse"), "low", "mean squared error over the 512 probe images"),
    number("psnr", "PSNR", (_, { psnr }) => psnr, (value) => value.toFixed(2), "high", "−10 · log₁₀ MSE, in dB"),
    ...each((l) => number(`active_${l + 1}`, `active ${l + 1}`, (_, { active }) => active[l] ?? null, (value) => `${value}`, "high", `codes in use at level ${l + 1}`)),
    ...each((l) => number(`perplexity_${l + 1}`, `perpl. ${l + 1}`, (_, { perplexity }) => perplexity[l] ?? null, (value) => value.toFixed(2), "high", `perplexity of level ${l + 1}: codes in even use`)),
    number("bits", "bits", (_, { bits }) => bits, (value) => value.toFixed(2), "high", "effective rate: Σ log₂ perplexity"),
    ...["recon", "commit", "codebook", "total"].map((name) => loss(name)),
    number("speed", "steps/s", (_, { speed }) => speed, (value) => value.toFixed(1)),
  ];
}

/** @param {string} name @returns {Column} */
const setting = (name) => ({ id: name, label: LABELS[name], value: (run) => now(run, name), text: (run) => told(run, name) });

/** @param {string} name */
const loss = (name) =>
  number(`loss_${name}`, name, (_, { losses }) => losses[name], (value) => shown(value, "loss"), name === "total" ? undefined : "low",
    `${name === "total" ? "weighted total of the losses" : `${name} loss, unweighted`}: mean over the last 100 steps`);

/**
 * @param {string} id @param {string} label @param {Column["value"]} value @param {(value: number) => string} text
 * @param {"low" | "high"} [better] @param {string} [title] @returns {Column}
 */
const number = (id, label, value, text, better, title) =>
  ({ id, label, value, better, title, text: (_, known) => (typeof known === "number" && Number.isFinite(known) ? text(known) : "–") });

/** All that is known of the runs, as comma-separated values (RFC 4180). @param {RunState[]} runs */
export function csvOf(runs) {
  const fields = columnsOf(runs).filter(({ id }) => !(id in LABELS));
  const head = ["id", "name", "status", ...Object.keys(LABELS), ...Object.keys(runs[0]?.entry.live ?? {}).map((name) => `${name}_now`), "parent", "forked_at", "note", ...fields.map(({ id }) => id)];
  const rows = runs.map((run) => {
    const { id, name, status, live = {}, parent, forked_at, note } = run.entry;
    const figures = figuresOf(run);
    return [id, name, status, ...Object.keys(LABELS).map((key) => begun(run, key)), ...Object.values(live), parent, parent ? forked_at : null, note, ...fields.map((field) => field.value(run, figures))];
  });
  return [head, ...rows].map((row) => row.map(field).join(",") + "\r\n").join("");
}

/** A text that a spreadsheet would take for a formula is marked as text. @param {unknown} value */
function field(value) {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {number | string | null} a @param {number | string | null} b what is missing comes last, whichever way */
export function compare(a, b, ascending = true) {
  const [lacks, other] = [a, b].map((value) => value === null || (typeof value === "number" && !Number.isFinite(value)));
  if (lacks || other) return Number(lacks) - Number(other);
  const order = typeof a === "number" && typeof b === "number" ? a - b : `${a}`.localeCompare(`${b}`, "en", { numeric: true });
  return ascending ? order : -order;
}
