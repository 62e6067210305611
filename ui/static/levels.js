/**
 * What each level sees: r_0 = z_e, r_l = r_{l-1} − q_l, and the sums ẑ_l = q_1 + … + q_l (FORMULAS: Residual quantization).
 * The server sends latents, codes and codebooks only; the rest follows from them here.
 *
 * @typedef {import("./decode.js").View} View
 *
 * @typedef {object} Scene what one plane shows
 * @property {Float32Array} points [P][2]
 * @property {Float32Array | null} ends [P][2] where each point's line ends; null: no lines
 * @property {Float32Array} codes [K][2]; empty where the plane shows sums instead
 * @property {number[]} shares of the window's choices, a code
 * @property {boolean[]} dead a code
 * @property {number} threshold share below which a code is dead
 * @property {Uint16Array} assigned [P] code of each point at this level
 */

/** The residuals that come into each level: [L] arrays of [P][2]. @param {View} view @returns {Float32Array[]} */
export function residuals(view) {
  const incoming = [view.latents];
  for (let level = 1; level < view.levels; level++) {
    const before = incoming[level - 1];
    incoming.push(before.map((value, i) => value - codeOf(view, level - 1, i)));
  }
  return incoming;
}

/** The sum of the codes up to and with each level: [L] arrays of [P][2]. @param {View} view @returns {Float32Array[]} */
export function sums(view) {
  const totals = [];
  let before = new Float32Array(view.latents.length);
  for (let level = 0; level < view.levels; level++) {
    const at = level;
    before = before.map((value, i) => value + codeOf(view, at, i));
    totals.push(before);
  }
  return totals;
}

/** Coordinate `i` of q at a level. @param {View} view @param {number} level @param {number} i index into [P][2] */
function codeOf(view, level, i) {
  const code = view.assigned[(i >> 1) * view.levels + level];
  return view.codebooks[2 * (level * view.size + code) + (i & 1)];
}

/** One scene a level. @param {View} view @param {boolean} cumulative @returns {Scene[]} */
export function scenes(view, cumulative) {
  const incoming = cumulative ? [] : residuals(view);
  const totals = cumulative ? sums(view) : [];
  return Array.from({ length: view.levels }, (_, level) => {
    const summed = cumulative && level > 0;
    return {
      points: cumulative ? view.latents : incoming[level],
      ends: cumulative ? totals[level] : null,
      codes: summed ? new Float32Array(0) : codebook(view, level),
      shares: shares(view, level),
      dead: deadAt(view, level),
      threshold: view.threshold,
      assigned: assignedAt(view, level),
    };
  });
}

/** The median of each digit's points: [10][2], NaN where there are none. @param {Float32Array} points @param {Uint8Array} labels */
export function medians(points, labels) {
  const [xs, ys] = [new Float32Array(labels.length), new Float32Array(labels.length)];
  const found = new Float32Array(20).fill(NaN);
  for (let digit = 0; digit < 10; digit++) {
    let count = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== digit) continue;
      xs[count] = points[2 * i];
      ys[count++] = points[2 * i + 1];
    }
    if (!count) continue;
    found[2 * digit] = xs.subarray(0, count).sort()[count >> 1];
    found[2 * digit + 1] = ys.subarray(0, count).sort()[count >> 1];
  }
  return found;
}

/** A level's codes. @param {View} view @param {number} level @returns {Float32Array} [K][2] */
export const codebook = ({ codebooks, size, sizes }, level) => codebooks.slice(2 * level * size, 2 * (level * size + sizes[level]));

/** @param {View} view @param {number} level @returns {boolean[]} a code */
export const deadAt = ({ dead, size, sizes }, level) => dead.slice(level * size, level * size + sizes[level]);

/** Each code's share of a level's choices. @param {View} view @param {number} level @returns {number[]} */
export function shares(view, level) {
  const counts = view.counts.subarray(level * view.size, level * view.size + view.sizes[level]);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Array.from(counts, (count) => (total ? count / total : 0));
}

/** @param {View} view @param {number} level */
export function assignedAt(view, level) {
  return Uint16Array.from({ length: view.points }, (_, i) => view.assigned[i * view.levels + level]);
}
