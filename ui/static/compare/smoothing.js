/** Curves made fit to be looked at: a running mean that owes nothing to its start, and no more points than pixels. */

/** @typedef {{ steps: ArrayLike<number>, values: ArrayLike<number> }} Series by ascending step */

/**
 * Exponential mean, debiased (Kingma & Ba 2015): Σ wᵢ vᵢ / Σ wᵢ over the points up to here, w falling to 1/e within `reach`
 * steps, so that points of another stride are smoothed alike. What is no number is left out, and stays a gap.
 * @param {Series} series @param {number} reach in steps; 0: as it is @returns {Series}
 */
export function smoothed({ steps, values }, reach) {
  if (!reach) return { steps, values };
  const means = new Float64Array(values.length);
  let [sum, weights, before] = [0, 0, steps[0] ?? 0];
  for (let i = 0; i < means.length; i++) {
    const kept = Math.exp(-(steps[i] - before) / reach);
    before = steps[i];
    sum *= kept;
    weights *= kept;
    if (Number.isFinite(values[i])) {
      sum += values[i];
      weights += 1;
    }
    means[i] = Number.isFinite(values[i]) ? sum / weights : NaN;
  }
  return { steps, values: means };
}

/**
 * The part between two steps, and a point beyond on either side; of more than 2 · `columns` points only the least and
 * greatest of each column, in their order: the picture stays the same.
 * @param {Series} series @param {number} from @param {number} to @param {number} columns @returns {{ steps: number[], values: number[] }}
 */
export function thinned({ steps, values }, from, to, columns) {
  const first = Math.max(indexAt(steps, from), 0);
  const end = Math.min(indexAt(steps, to) + 2, steps.length);
  /** @type {number[]} */
  const kept = [];
  const size = Math.max((end - first) / columns, 2);
  for (let column = 0; first + column * size < end; column++) {
    const [low, high] = [Math.round(first + column * size), Math.min(Math.round(first + (column + 1) * size), end)];
    kept.push(...extremes(values, low, high));
  }
  return { steps: kept.map((i) => steps[i]), values: kept.map((i) => values[i]) };
}

/** @param {ArrayLike<number>} values @param {number} low @param {number} high indexes @returns {number[]} one or two, ascending */
function extremes(values, low, high) {
  let [least, most] = [low, low];
  for (let i = low + 1; i < high; i++) {
    if (values[i] < values[least] || Number.isNaN(values[least])) least = i;
    if (values[i] >= values[most] || Number.isNaN(values[most])) most = i;
  }
  return low >= high ? [] : least === most ? [least] : [Math.min(least, most), Math.max(least, most)];
}

/** Index of the last point at or before a step; −1: there is none. @param {ArrayLike<number>} steps @param {number} step */
export function indexAt(steps, step) {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What a curve says at a step, if it has come that far; undefined otherwise. @param {Series} series @param {number} step */
export function valueAt({ steps, values }, step) {
  const i = indexAt(steps, step);
  const stride = steps.length > 1 ? steps[1] - steps[0] : 1;
  if (i < 0) return steps.length && step >= steps[0] - stride ? values[0] : undefined;
  return i === steps.length - 1 && step > steps[i] + stride ? undefined : values[i];
}
