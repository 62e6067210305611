/**
 * What became of a run's codes: how often each was chosen, and where it was, at the steps at which the run was looked at.
 * At most 64 of them; once there are more the server leaves every second one out, and tells the rest anew.
 */
import { integers, parts, scaled } from "./decode.js";

export class Life {
  constructor() {
    this.#forget();
  }

  #forget() {
    this.generation = 0;
    /** @type {number[]} */
    this.steps = [];
    /** @type {Float32Array[]} a step, [L][K] of the window's choices */
    this.shares = [];
    /** @type {Float32Array[]} a step, [L][K][2]; empty where there are too many codes to follow */
    this.places = [];
  }

  /** What to tell the server. */
  get known() {
    return { generation: this.generation, count: this.steps.length, step: this.steps.at(-1) ?? 0 };
  }

  /** @param {any} raw an answer's life */
  take(raw) {
    if (raw.from === 0) this.#forget();
    else if (raw.from !== this.steps.length || raw.generation !== this.generation) return;
    this.generation = raw.generation;
    const steps = integers(raw.steps);
    this.steps.push(...steps);
    this.shares.push(...slices(parts(raw.shares), steps.length));
    if (raw.codebooks) this.places.push(...slices(scaled(raw.codebooks), steps.length));
  }
}

/** @param {Float32Array} all @param {number} count */
function slices(all, count) {
  const size = all.length / count;
  return Array.from({ length: count }, (_, i) => all.subarray(i * size, (i + 1) * size));
}

/**
 * One level's part of it.
 * @param {Life} life @param {import("./decode.js").View} view @param {number} level
 * @param {number[]} remedies the steps at which dead codes were moved
 * @returns {import("./trails.js").Paths}
 */
export function pathsOf({ steps, places, shares }, { size, sizes, threshold }, level, remedies) {
  const [from, to] = [level * size, level * size + sizes[level]];
  const dead = shares.map((all, i) => Array.from(all.subarray(from, to), (share) => steps[i] > 0 && share < threshold));
  const cured = [...steps, Infinity].map((step, i) => i > 0 && remedies.some((at) => at > steps[i - 1] && at <= step));
  return { places: places.map((all) => all.subarray(2 * from, 2 * to)), dead, cured };
}
