/**
 * The cells of a plane: which places get which code, or which tuple of codes, tinted with the digit that most of their
 * images show. Quiet, under everything else.
 *
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {ReturnType<typeof import("./axes.js").projection>} Projection
 * @typedef {import("./voronoi.js").Part} Part
 *
 * @typedef {object} Ground what is divided
 * @property {Float32Array[]} codebooks of the levels concerned, [K][2] each
 * @property {number} from the first of these levels
 * @property {boolean} angular nearest by angle
 * @property {Map<string, Owner>} owners by tuple of codes
 *
 * @typedef {{ digit: number, purity: number }} Owner the digit that most images of a cell show, and the share of those
 */
import { Tween } from "./motion.js";
import { cells, joint } from "./voronoi.js";

export const MOST_CELLS = 5000;
/** Of so many tuples far too many have a cell. */
const HOPELESS = 40 * MOST_CELLS;
/** So many cells are made anew for every frame while codes move; more are shown where they will be. */
const CHEAP = 320;
/** Cells reach so far beyond what the plane shows by itself, for those who zoom out. */
const REACH = 25;

export class Mosaic {
  constructor() {
    this.places = new Tween();
    /** @type {Ground | null} */
    this.ground = null;
    /** @type {{ parts: Part[] | null, coarse: number[][] }} */
    this.made = { parts: [], coarse: [] };
    this.madeAt = -1;
  }

  /** True if there are too many cells to be drawn. */
  get tooMany() {
    return this.ground !== null && this.made.parts === null;
  }

  /** @param {Ground | null} ground @param {import("./axes.js").Box} box what the plane shows by itself */
  aim(ground, box) {
    const same = this.ground?.from === ground?.from && this.ground?.codebooks.length === ground?.codebooks.length;
    this.ground = ground;
    if (!same) this.places = new Tween();
    if (!ground) return;
    this.box = widened(box);
    const all = new Float32Array(ground.codebooks.reduce((size, codes) => size + codes.length, 0));
    ground.codebooks.reduce((at, codes) => (all.set(codes, at), at + codes.length), 0);
    this.places.aim(all);
    this.#make(all);
    this.madeAt = 1;
    this.cheap = this.made.parts !== null && this.made.parts.length <= CHEAP;
  }

  /** @param {Float32Array} places of all codes */
  #make(places) {
    const { ground, box } = this;
    if (!ground || !box) return;
    let at = 0;
    const codebooks = ground.codebooks.map(({ length }) => places.subarray(at, (at += length)));
    const coarse = cells(codebooks[0], box, ground.angular);
    const tuples = codebooks.reduce((product, codes) => (product * codes.length) / 2, 1);
    const parts = codebooks.length > 1
      ? tuples > HOPELESS ? null : joint(codebooks, box, { angular: ground.angular, most: MOST_CELLS })
      : coarse.map((polygon, code) => ({ tuple: [code], polygon, x: codebooks[0][2 * code], y: codebooks[0][2 * code + 1] })).filter(({ polygon }) => polygon.length);
    this.made = { parts, coarse };
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Projection} at @param {number} progress of the motion, 0..1
   * @param {Palette} colours @param {import("./focus.js").Code | null} chosen
   */
  paint(context, at, progress, colours, chosen) {
    const { ground, cheap } = this;
    if (!ground) return;
    const places = this.places.at(progress);
    if (cheap && this.madeAt !== progress) {
      this.#make(places);
      this.madeAt = progress;
    }
    const { parts, coarse } = this.made;
    if (!parts) return;
    const shown = parts.filter(({ polygon }) => inSight(polygon, at));
    tint(context, at, shown, ground.owners, colours);
    const fine = ground.codebooks.length > 1;
    outline(context, at, shown.map(({ polygon }) => polygon), colours.axis, fine ? 0.75 : 1.25);
    if (fine) outline(context, at, coarse.filter((polygon) => inSight(polygon, at)), colours.border, 1.25);
    const index = chosen ? chosen.level - ground.from : -1;
    const lit = chosen && index >= 0 ? shown.filter(({ tuple }) => tuple[index] === chosen.index) : [];
    if (lit.length) light(context, at, lit, fine ? (index === 0 ? [coarse[chosen.index]] : []) : lit.map(({ polygon }) => polygon), colours);
  }
}

/** @param {import("./axes.js").Box} box @returns {import("./axes.js").Box} */
function widened([left, bottom, right, top]) {
  const [x, y] = [(left + right) / 2, (bottom + top) / 2];
  const reach = (REACH / 2) * Math.max(right - left, top - bottom);
  return [x - reach, y - reach, x + reach, y + reach];
}

/** @param {number[]} polygon @param {Projection} at */
function inSight(polygon, at) {
  let [left, bottom, right, top] = [true, true, true, true];
  for (let i = 0; i < polygon.length; i += 2) {
    left &&= polygon[i] < at.left;
    right &&= polygon[i] > at.right;
    bottom &&= polygon[i + 1] < at.bottom;
    top &&= polygon[i + 1] > at.top;
  }
  return polygon.length > 0 && !(left || right || bottom || top);
}

/** @param {CanvasRenderingContext2D} context @param {Projection} at @param {number[]} polygon */
function trace(context, at, polygon) {
  context.moveTo(at.x(polygon[0]), at.y(polygon[1]));
  for (let i = 2; i < polygon.length; i += 2) context.lineTo(at.x(polygon[i]), at.y(polygon[i + 1]));
  context.closePath();
}

/** Stronger where more of a cell's images agree. */
const STRENGTHS = [0.07, 0.13, 0.19];

/** @param {CanvasRenderingContext2D} context @param {Projection} at @param {Part[]} parts @param {Map<string, Owner>} owners @param {Palette} colours */
function tint(context, at, parts, owners, colours) {
  /** @type {Map<number, Part[]>} */
  const alike = new Map();
  for (const part of parts) {
    const owner = owners.get(part.tuple.join());
    if (!owner) continue;
    const key = 10 * Math.min(Math.floor(owner.purity * STRENGTHS.length), STRENGTHS.length - 1) + owner.digit;
    if (!alike.has(key)) alike.set(key, []);
    alike.get(key)?.push(part);
  }
  for (const [key, group] of alike) {
    context.beginPath();
    for (const { polygon } of group) trace(context, at, polygon);
    context.fillStyle = colours.digits[key % 10];
    context.globalAlpha = STRENGTHS[Math.floor(key / 10)];
    context.fill();
  }
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Projection} at @param {number[][]} polygons @param {string} colour @param {number} width */
function outline(context, at, polygons, colour, width) {
  context.beginPath();
  for (const polygon of polygons) trace(context, at, polygon);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.strokeStyle = colour;
  context.stroke();
}

/** The cells of the code that somebody points at. @param {CanvasRenderingContext2D} context @param {Projection} at @param {Part[]} parts @param {number[][]} borders @param {Palette} colours */
function light(context, at, parts, borders, colours) {
  context.beginPath();
  for (const { polygon } of parts) trace(context, at, polygon);
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.16;
  context.fill();
  context.globalAlpha = 0.9;
  outline(context, at, borders.filter(({ length }) => length), colours.accent, 1.25);
  context.globalAlpha = 1;
}

/**
 * Whose images each tuple of codes stands for.
 * @param {import("./decode.js").View} view @param {Uint8Array} labels @param {number} from @param {number} to levels, the last one included
 * @returns {Map<string, Owner>}
 */
export function owners(view, labels, from, to) {
  /** @type {Map<string, number[]>} */
  const counted = new Map();
  for (let i = 0; i < view.points; i++) {
    const key = view.assigned.subarray(i * view.levels + from, i * view.levels + to + 1).join();
    const counts = counted.get(key) ?? new Array(10).fill(0);
    counts[labels[i]] += 1;
    counted.set(key, counts);
  }
  return new Map([...counted].map(([key, counts]) => {
    const digit = counts.indexOf(Math.max(...counts));
    return [key, { digit, purity: counts[digit] / counts.reduce((sum, count) => sum + count, 0) }];
  }));
}
