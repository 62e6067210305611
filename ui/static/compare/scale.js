/** The scales of a small chart: numbers to pixels and back, with ticks that people like. */
import { niceStep } from "../axes.js";
import { tick, whole } from "../format.js";

const LEAST_TICKS = 3;

/** @typedef {{ low: number, high: number, log: boolean }} Domain */

/** Around these numbers, with a little room; never empty. @param {Iterable<number>} values @param {{ log?: boolean, zero?: boolean }} [kind] @returns {Domain} */
export function domainOf(values, { log = false, zero = false } = {}) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = log ? [0.1, 1] : [0, 1];
  if (log) {
    const room = Math.max((high / low) ** 0.08, 1.02);
    return { low: low / room, high: high * room, log };
  }
  if (zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const room = 0.06 * (high - low) || Math.abs(high) * 0.1 || 0.5;
  return { low: zero && low === 0 ? 0 : low - room, high: zero && high === 0 ? 0 : high + room, log };
}

/** From a domain to pixels; `start` may be below `end`. @param {Domain} domain @param {number} start @param {number} end */
export function scaleOf({ low, high, log }, start, end) {
  const at = log ? Math.log : (/** @type {number} */ value) => value;
  const [from, length] = [at(low), at(high) - at(low) || 1];
  return (/** @type {number} */ value) => start + ((at(value) - from) / length) * (end - start);
}

/** @param {Domain} domain @param {number} most @returns {{ value: number, text: string }[]} */
export function ticksOf({ low, high, log }, most) {
  if (log) {
    const marks = logMarks(low, high).filter(({ value }) => value >= low && value <= high);
    if (marks.length > 1) return marks.length > most ? marks.filter((_, i) => i % Math.ceil(marks.length / most) === 0) : marks;
  }
  let [step, first, count] = [0, 0, 0];
  for (let parts = most; count < LEAST_TICKS && parts < most + 4; parts++) {
    step = niceStep(high - low, parts);
    first = Math.ceil(low / step - 1e-9);
    count = Math.floor(high / step + 1e-9) - first + 1;
  }
  return Array.from({ length: Math.max(count, 0) }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: step >= 1 ? whole(value).replace("-", "−") : tick(value, step) };
  });
}

/** @param {number} low @param {number} high */
function logMarks(low, high) {
  const marks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of [1, 2, 5]) marks.push({ value: factor * 10 ** power, text: `${Number((factor * 10 ** power).toPrecision(2))}` });
  }
  return marks;
}
