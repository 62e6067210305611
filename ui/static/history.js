/**
 * The curves of a run as the page has them: increments are appended, a new stride or generation starts anew.
 *
 * @typedef {object} Change a live setting that was changed; or a run that came back ("recovered"), or a "remedy"
 * @property {number} step first step with the new value
 * @property {string} name
 * @property {number} old
 * @property {number} new
 * @property {string} [remedy] which one
 * @property {"hand" | "run"} [by]
 * @property {[number, number][]} [moved] by a remedy: level, how many codes
 * @property {[number, number][]} [codes] the first of them: level, code
 * @property {{ scale: number, data: string }} [places] [2][N][2] where these were, and where they came to be
 * @property {number} [last] where several are shown as one: the step of the last
 * @property {number} [times] how many they are
 */
import { floats, integers } from "./decode.js";

export class History {
  constructor() {
    this.generation = 0;
    this.stride = 0;
    /** @type {number[]} */
    this.steps = [];
    /** @type {Record<string, number[]>} */
    this.columns = {};
    /** @type {Change[]} */
    this.changes = [];
  }

  /** What to tell the server. */
  get place() {
    return { generation: this.generation, stride: this.stride, step: this.steps.at(-1) ?? 0 };
  }

  /** @param {any} raw an answer's history */
  take(raw) {
    if (raw.after === 0) {
      this.steps = [];
      this.columns = {};
      this.changes = [];
    } else if (raw.after !== this.place.step) {
      return;
    }
    this.generation = raw.generation;
    this.stride = raw.stride;
    this.steps.push(...integers(raw.steps));
    for (const [name, values] of Object.entries(raw.columns)) {
      (this.columns[name] ??= []).push(...floats(/** @type {string} */ (values)));
    }
    this.changes = [...this.changes.filter((change) => change.step < raw.after), ...raw.events];
  }
}
