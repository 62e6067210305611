/**
 * Which places of a plane get which code: convex cells, each a polygon cut from a box by one half-plane after another.
 * Nearest means the smallest distance, or the smallest angle: then cells are sectors around the origin.
 *
 * A polygon is a flat list of coordinates, counter-clockwise; empty where there is nothing left.
 *
 * @typedef {number[]} Polygon
 * @typedef {import("./axes.js").Box} Box
 * @typedef {{ tuple: number[], polygon: Polygon, x: number, y: number }} Part one tuple of codes, its cell, and the codes' sum
 */

/** A code shorter than this counts as being at the origin, which is at a right angle to everything. */
const TINY = 1e-6;
/** Angles closer than this are one direction. */
const SAME = 1e-9;
const FULL = 2 * Math.PI;
/** Less than this part of the box is no cell but an error of rounding. */
const SLIVER = 1e-14;

/** @param {Box} box @returns {Polygon} */
export const rectangle = ([left, bottom, right, top]) => [left, bottom, right, bottom, right, top, left, top];

/** The part where a·x + b·y ≤ c; the same polygon if that is all of it. @param {Polygon} polygon @param {number} a @param {number} b @param {number} c @returns {Polygon} */
export function clipped(polygon, a, b, c) {
  const count = polygon.length;
  let [most, least] = [-Infinity, Infinity];
  for (let i = 0; i < count; i += 2) {
    const beyond = a * polygon[i] + b * polygon[i + 1] - c;
    if (beyond > most) most = beyond;
    if (beyond < least) least = beyond;
  }
  if (most <= 0) return polygon;
  if (least >= 0) return [];
  /** @type {Polygon} */
  const kept = [];
  let [x, y] = [polygon[count - 2], polygon[count - 1]];
  let beyond = a * x + b * y - c;
  for (let i = 0; i < count; i += 2) {
    const [nextX, nextY] = [polygon[i], polygon[i + 1]];
    const next = a * nextX + b * nextY - c;
    if (beyond < 0 !== next < 0 && beyond !== next) {
      const part = beyond / (beyond - next);
      kept.push(x + part * (nextX - x), y + part * (nextY - y));
    }
    if (next < 0) kept.push(nextX, nextY);
    [x, y, beyond] = [nextX, nextY, next];
  }
  return kept;
}

/**
 * The cell of each code, within the box. Of codes at one place the first has it all.
 * @param {Float32Array} codes [K][2] @param {Box} box @param {boolean} [angular] nearest by angle @returns {Polygon[]}
 */
export const cells = (codes, box, angular = false) => (angular ? sectors(codes, box) : nearest(codes, box));

/** @param {Float32Array} codes @param {Box} box @returns {Polygon[]} */
function nearest(codes, box) {
  const count = codes.length / 2;
  const order = Array.from({ length: count }, (_, code) => code).sort((a, b) => codes[2 * a] - codes[2 * b]);
  /** @type {Polygon[]} */
  const found = new Array(count);
  order.forEach((code, place) => (found[code] = nearestTo(code, place, order, codes, box)));
  return found;
}

/**
 * Goes through the other codes from left to right outwards, and stops where no bisector can reach the cell any more.
 * @param {number} code @param {number} place in the order @param {number[]} order @param {Float32Array} codes @param {Box} box
 */
function nearestTo(code, place, order, codes, box) {
  const [x, y] = [codes[2 * code], codes[2 * code + 1]];
  let polygon = rectangle(box);
  let reach = farthest(polygon, x, y);
  for (let left = place - 1, right = place + 1; left >= 0 || right < order.length; ) {
    const toLeft = left >= 0 ? x - codes[2 * order[left]] : Infinity;
    const toRight = right < order.length ? codes[2 * order[right]] - x : Infinity;
    if (Math.min(toLeft, toRight) > 2 * reach) break;
    const rival = toLeft < toRight ? order[left--] : order[right++];
    const [dx, dy] = [codes[2 * rival] - x, codes[2 * rival + 1] - y];
    const far = dx * dx + dy * dy;
    if (far === 0 && rival < code) return [];
    if (far === 0 || far > 4 * reach * reach) continue;
    const cut = clipped(polygon, dx, dy, far / 2 + dx * x + dy * y);
    if (!cut.length) return cut;
    if (cut !== polygon) reach = farthest(cut, x, y);
    polygon = cut;
  }
  return polygon;
}

/** @param {Polygon} polygon @param {number} x @param {number} y */
function farthest(polygon, x, y) {
  let most = 0;
  for (let i = 0; i < polygon.length; i += 2) most = Math.max(most, (polygon[i] - x) ** 2 + (polygon[i + 1] - y) ** 2);
  return Math.sqrt(most);
}

/** @param {Float32Array} codes @param {Box} box @returns {Polygon[]} */
function sectors(codes, box) {
  /** @type {Polygon[]} */
  const found = Array.from({ length: codes.length / 2 }, () => []);
  const all = [...found.keys()].map((code) => ({ code, angle: Math.atan2(codes[2 * code + 1], codes[2 * code]) }));
  const isNull = (/** @type {{ code: number }} */ { code }) => Math.hypot(codes[2 * code], codes[2 * code + 1]) < TINY;
  const around = directions(all.filter((one) => !isNull(one)));
  const origin = all.find(isNull);
  around.forEach(({ code, angle }, i) => {
    let polygon = rectangle(box);
    if (around.length > 1) {
      const before = around[i - 1]?.angle ?? (around.at(-1)?.angle ?? 0) - FULL;
      const after = around[i + 1]?.angle ?? around[0].angle + FULL;
      const [first, last] = [(before + angle) / 2, (angle + after) / 2];
      polygon = clipped(clipped(polygon, Math.sin(first), -Math.cos(first), 0), -Math.sin(last), Math.cos(last), 0);
    }
    found[code] = origin ? clipped(polygon, -Math.cos(angle), -Math.sin(angle), 0) : polygon;
  });
  if (origin) found[origin.code] = around.reduce((polygon, { angle }) => clipped(polygon, Math.cos(angle), Math.sin(angle), 0), rectangle(box));
  return found;
}

/** By angle; of codes in one direction only the first. @param {{ code: number, angle: number }[]} codes */
function directions(codes) {
  const sorted = codes.sort((a, b) => a.angle - b.angle);
  /** @type {typeof sorted} */
  const kept = [];
  for (const one of sorted) {
    const last = kept.at(-1);
    if (last && one.angle - last.angle < SAME) last.code = Math.min(last.code, one.code);
    else kept.push(one);
  }
  return kept;
}

/**
 * The cells of the tuples of codes that residual quantization gives: within each cell of a level, those of the next level
 * around its code. Null if there are more than `most`.
 * @param {Float32Array[]} codebooks [L] of [K][2] @param {Box} box @param {{ angular?: boolean, most: number }} options @returns {Part[] | null}
 */
export function joint(codebooks, box, { angular = false, most }) {
  const sliver = SLIVER * (box[2] - box[0]) * (box[3] - box[1]);
  /** @type {Part[]} */
  let parts = [{ tuple: [], polygon: rectangle(box), x: 0, y: 0 }];
  let room = box;
  for (const codes of codebooks) {
    const inner = cells(codes, room, angular).map((polygon, code) => ({ code, polygon, bounds: boundsOf(polygon) })).filter(({ polygon }) => polygon.length);
    /** @type {Part[]} */
    const next = [];
    for (const { tuple, polygon, x, y } of parts) {
      const shifted = polygon.map((value, i) => value - (i % 2 ? y : x));
      const bounds = boundsOf(shifted);
      for (const cell of inner) {
        if (apart(bounds, cell.bounds)) continue;
        const cut = common(shifted, cell.polygon);
        if (areaOf(cut) <= sliver) continue;
        if (next.length === most) return null;
        const { code } = cell;
        next.push({ tuple: [...tuple, code], polygon: cut.map((value, i) => value + (i % 2 ? y : x)), x: x + codes[2 * code], y: y + codes[2 * code + 1] });
      }
    }
    parts = next;
    room = grown(room, codes);
  }
  return parts;
}

/** What two polygons share. @param {Polygon} one @param {Polygon} other @returns {Polygon} */
function common(one, other) {
  let rest = one;
  for (let i = 0, last = other.length - 2; i < other.length && rest.length; last = i, i += 2) {
    const [dx, dy] = [other[i] - other[last], other[i + 1] - other[last + 1]];
    rest = clipped(rest, dy, -dx, dy * other[i] - dx * other[i + 1]);
  }
  return rest;
}

/** The box that residuals of the next level may lie in. @param {Box} box @param {Float32Array} codes @returns {Box} */
function grown([left, bottom, right, top], codes) {
  const most = codes.reduce((longest, value) => Math.max(longest, Math.abs(value)), 0);
  return [left - most, bottom - most, right + most, top + most];
}

/** @param {Polygon} polygon */
export function areaOf(polygon) {
  let twice = 0;
  for (let i = 0, last = polygon.length - 2; i < polygon.length; last = i, i += 2) twice += polygon[last] * polygon[i + 1] - polygon[i] * polygon[last + 1];
  return twice / 2;
}

/** @param {Polygon} polygon @returns {Box} */
function boundsOf(polygon) {
  /** @type {Box} */
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < polygon.length; i += 2) {
    box[0] = Math.min(box[0], polygon[i]);
    box[1] = Math.min(box[1], polygon[i + 1]);
    box[2] = Math.max(box[2], polygon[i]);
    box[3] = Math.max(box[3], polygon[i + 1]);
  }
  return box;
}

/** @param {Box} a @param {Box} b */
const apart = (a, b) => a[0] > b[2] || b[0] > a[2] || a[1] > b[3] || b[1] > a[3];
