/**
 * Bounds that hold still: they grow as soon as something lies outside, and shrink only when what they show has been much
 * smaller for a while. Always round numbers. Planes that share an Axes share its bounds.
 *
 * @typedef {[number, number, number, number]} Box left, bottom, right, top
 */

const SHRINK_BELOW = 0.66;
const SHRINK_AFTER = 10;

export class Axes {
  constructor() {
    /** @type {Box | null} */
    this.target = null;
    /** @type {Box} */
    this.from = [-1, -1, 1, 1];
    /** @type {Box} */
    this.shown = this.from;
    this.calm = 0;
  }

  /** Take in what is to be shown; true if the bounds changed. @param {Box | null} extent */
  include(extent) {
    if (!extent) return false;
    const needed = padded(extent);
    if (!this.target) {
      this.target = rounded(needed);
      this.from = this.shown = this.target;
      return true;
    }
    if (!contains(this.target, extent)) return this.#turnTo(rounded(union(this.target, needed)));
    const small = span(needed) < SHRINK_BELOW * span(this.target);
    this.calm = small ? this.calm + 1 : 0;
    return this.calm >= SHRINK_AFTER && this.#turnTo(rounded(needed));
  }

  /** @param {Box} box */
  #turnTo(box) {
    this.from = this.shown;
    this.target = box;
    this.calm = 0;
    return true;
  }

  /** The bounds on the way to the newest. @param {number} progress 0..1 @returns {Box} */
  at(progress) {
    const { from, target } = this;
    if (progress >= 1) this.from = target ?? from;
    this.shown = /** @type {Box} */ (from.map((value, i) => value + ((target?.[i] ?? value) - value) * progress));
    return this.shown;
  }
}

/** The box around pairs of coordinates. @param {Float32Array[]} arrays [N][2] @returns {Box | null} */
export function extentOf(...arrays) {
  /** @type {Box} */
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const array of arrays) {
    for (let i = 0; i < array.length; i += 2) {
      box[0] = Math.min(box[0], array[i]);
      box[1] = Math.min(box[1], array[i + 1]);
      box[2] = Math.max(box[2], array[i]);
      box[3] = Math.max(box[3], array[i + 1]);
    }
  }
  return box.every(Number.isFinite) ? box : null;
}

/** A round step that cuts `length` into about `parts`. @param {number} length @param {number} parts */
export function niceStep(length, parts) {
  const raw = length / parts;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find((factor) => factor * power >= raw * 0.99) ?? 10);
}

/** Where a box lies on a canvas, one unit as long on both axes. @param {Box} box @param {number} width @param {number} height */
export function projection(box, width, height) {
  const scale = Math.min(width / (box[2] - box[0]), height / (box[3] - box[1]));
  const left = width / 2 - (scale * (box[0] + box[2])) / 2;
  const top = height / 2 + (scale * (box[1] + box[3])) / 2;
  return {
    scale,
    x: (/** @type {number} */ value) => left + scale * value,
    y: (/** @type {number} */ value) => top - scale * value,
    left: -left / scale,
    right: (width - left) / scale,
    bottom: (top - height) / scale,
    top: top / scale,
  };
}

/** @param {Box} box */
const span = (box) => Math.max(box[2] - box[0], box[3] - box[1]);

/** @param {Box} box @returns {Box} */
function padded(box) {
  const margin = 0.07 * span(box) || 0.5;
  return [box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin];
}

/** @param {Box} box @returns {Box} */
function rounded(box) {
  const step = niceStep(span(box), 10);
  const [left, bottom] = [box[0], box[1]].map((value) => Math.floor(value / step) * step);
  const [right, top] = [box[2], box[3]].map((value) => Math.ceil(value / step) * step);
  return [left, bottom, right, top];
}

/** @param {Box} a @param {Box} b @returns {Box} */
const union = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

/** @param {Box} outer @param {Box} inner */
const contains = (outer, inner) =>
  outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
