/**
 * What the page knows of the runs that it compares.
 *
 * @typedef {object} RunState
 * @property {string} id
 * @property {any} entry of the list of runs
 * @property {any} snapshot
 * @property {import("../decode.js").View | null} view
 * @property {import("../decode.js").Fixed | null} fixed
 * @property {History} history
 * @property {{ generation: number, steps: Int32Array, mse: Float32Array, active: Float32Array, perplexity: Float32Array } | null} probe
 * @property {string} colour
 * @property {number} index of its colour
 * @property {string} trouble
 */
import { decodeFixed, decodeView, floats, integers } from "../decode.js";
import { History } from "../history.js";
import { runColour } from "./colours.js";

/** The run that somebody points at, in whatever panel. */
export class RunFocus extends EventTarget {
  /** @type {string | null} */
  run = null;

  /** @param {string | null} id */
  on(id) {
    if (this.run === id) return;
    this.run = id;
    this.dispatchEvent(new Event("change"));
  }
}

export class Store {
  /** @param {boolean} dark */
  constructor(dark) {
    this.dark = dark;
    this.listed = "";
    /** @type {any} */
    this.lab = null;
    /** @type {any[]} every run of the lab */
    this.entries = [];
    /** @type {any[]} */
    this.comparisons = [];
    /** @type {Map<string, RunState>} those compared, in the order of selection */
    this.runs = new Map();
  }

  /** @returns {RunState[]} those compared that the lab knows */
  get shown() {
    return [...this.runs.values()].filter(({ entry }) => entry);
  }

  /** Compare these and no others. @param {string[]} ids */
  select(ids) {
    for (const id of this.runs.keys()) if (!ids.includes(id)) this.runs.delete(id);
    const kept = [...ids];
    for (const id of kept) if (!this.runs.has(id)) this.runs.set(id, this.#blank(id));
    this.runs = new Map(kept.map((id) => [id, /** @type {RunState} */ (this.runs.get(id))]));
    this.#match();
  }

  /** @param {string} id @returns {RunState} */
  #blank(id) {
    const taken = new Set([...this.runs.values()].map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index += 1;
    return { id, entry: null, snapshot: null, view: null, fixed: null, history: new History(), probe: null, colour: runColour(index, this.dark), index, trouble: "" };
  }

  /** What to ask the server. @param {[string, string] | null} divergence */
  question(divergence) {
    const runs = Object.fromEntries(
      [...this.runs.values()].map(({ id, snapshot, fixed, history, probe }) => [
        id,
        { version: snapshot?.version ?? null, fixed: fixed !== null, history: history.place, probe: { generation: probe?.generation ?? 0, count: probe?.steps.length ?? 0 } },
      ]),
    );
    return { listed: this.listed, runs, divergence };
  }

  /** @param {any} answer @returns {Set<string>} the runs of which a new picture came */
  take(answer) {
    if (answer.list) {
      this.listed = answer.listed;
      this.lab = answer.list.lab;
      this.entries = answer.list.runs;
      this.comparisons = answer.list.comparisons;
      this.#match();
    }
    const seen = new Set();
    for (const [id, part] of Object.entries(answer.runs ?? {})) {
      const run = this.runs.get(id);
      if (run && this.#takePart(run, part)) seen.add(id);
    }
    return seen;
  }

  /** @param {RunState} run @param {any} part */
  #takePart(run, part) {
    run.trouble = part.trouble ?? "";
    if (part.fixed) run.fixed = decodeFixed(part.fixed);
    if (part.history) run.history.take(part.history);
    if (part.probe) {
      const { generation, steps, mse, active, perplexity } = part.probe;
      run.probe = { generation, steps: integers(steps), mse: floats(mse), active: floats(active), perplexity: floats(perplexity) };
    }
    if (!part.snapshot) return false;
    run.snapshot = part.snapshot;
    run.view = part.snapshot.view && decodeView(part.snapshot.view);
    return true;
  }

  #match() {
    const byId = new Map(this.entries.map((entry) => [entry.id, entry]));
    for (const run of this.runs.values()) run.entry = byId.get(run.id) ?? null;
  }

  /** @param {boolean} dark */
  recolour(dark) {
    this.dark = dark;
    for (const run of this.runs.values()) run.colour = runColour(run.index, dark);
  }
}
