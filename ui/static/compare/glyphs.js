/** A tiny picture for each preset: latents as dots, codes as diamonds, hollow where they are dead. */
import { draw } from "./parts.js";

const [WIDTH, HEIGHT] = [160, 60];
/** Radians from one dot of a cloud to the next: the golden angle, so that they are spread evenly. */
const TURN = Math.PI * (3 - Math.sqrt(5));

/** @typedef {SVGElement[]} Marks */

/** Dots of a digit. @param {number} x @param {number} y @param {number} radius @param {number} digit @param {number} [count] @returns {Marks} */
const cloud = (x, y, radius, digit, count = 14) =>
  Array.from({ length: count }, (_, i) => {
    const [away, angle] = [radius * Math.sqrt((i + 0.5) / count), i * TURN + digit];
    return draw("circle", { cx: (x + away * Math.cos(angle)).toFixed(1), cy: (y + away * Math.sin(angle)).toFixed(1), r: 1.3, fill: `var(--digit-${digit})` });
  });

/** @param {number} x @param {number} y @param {boolean} [dead] */
const code = (x, y, dead = false) => draw("path", { d: `M${x} ${y - 4.2}l4.2 4.2-4.2 4.2-4.2-4.2z`, class: dead ? "dead" : "code" });

/** @param {string} d */
const path = (d) => draw("path", { d, class: "path" });

/** A path that ends in an arrow head. @param {number} x @param {number} y @param {number} u @param {number} v */
const arrow = (x, y, u, v) => {
  const angle = Math.atan2(v - y, u - x);
  const barb = (/** @type {number} */ turn) => `${(u - 5 * Math.cos(angle + turn)).toFixed(1)} ${(v - 5 * Math.sin(angle + turn)).toFixed(1)}`;
  return path(`M${x} ${y}L${u} ${v}M${barb(0.5)}L${u} ${v}L${barb(-0.5)}`);
};

/** Between two runs. */
const divide = (x = WIDTH / 2) => draw("line", { x1: x, x2: x, y1: 8, y2: HEIGHT - 8, class: "divide" });

/** A field of codes. @param {number} left @param {number} side @param {number} count in a row */
const field = (left, side, count) => {
  const [step, size] = [side / count, Math.max((0.62 * side) / count, 1.5)];
  const top = (HEIGHT - side) / 2;
  return Array.from({ length: count * count }, (_, i) =>
    draw("rect", { x: (left + (i % count) * step).toFixed(1), y: (top + Math.floor(i / count) * step).toFixed(1), width: size.toFixed(1), height: size.toFixed(1), rx: size > 3 ? 1 : 0, class: "code" }),
  );
};

const PLACES = [[24, 20, 0], [48, 40, 1], [80, 17, 4], [108, 42, 6], [136, 22, 9]];

/** @type {Record<string, () => Marks>} */
const GLYPHS = {
  textbook: () => PLACES.flatMap(([x, y, digit]) => [...cloud(x, y, 12, digit), code(x, y)]),
  "no-commitment": () => [
    ...cloud(22, 20, 8, 0), ...cloud(52, 38, 8, 1), code(22, 20), code(52, 38), divide(),
    ...cloud(104, 14, 12, 0, 18), ...cloud(140, 44, 14, 1, 18), code(115, 26), code(125, 34),
  ],
  "too-much-commitment": () => [
    ...cloud(16, 18, 8, 0, 10), ...cloud(36, 40, 8, 1, 10), code(16, 18), code(36, 40), divide(53),
    ...cloud(74, 24, 5, 0, 10), ...cloud(86, 35, 5, 1, 10), code(74, 24), code(86, 35), code(68, 46, true), divide(107),
    ...cloud(133, 30, 2.5, 0, 8), ...cloud(134, 31, 2.5, 1, 8), code(133, 30), code(118, 16, true), code(149, 20, true), code(122, 46, true), code(146, 46, true),
  ],
  "bad-start": () => [
    ...cloud(76, 30, 9, 0, 12), ...cloud(84, 32, 9, 4, 12), code(80, 31),
    ...[[20, 14], [34, 46], [60, 12], [112, 48], [124, 14], [144, 38], [52, 50]].map(([x, y]) => code(x, y, true)),
  ],
  ema: () => [
    path("M12 46l7-14 6 11 8-20 6 12 8-17 6 10 8-14"), code(66, 13), divide(),
    path("M92 46C106 44 110 36 118 28S136 14 146 13"), code(147, 13), ...cloud(66, 13, 9, 0, 9), ...cloud(147, 13, 9, 0, 9),
  ],
  "loss-forms": () => [
    ...cloud(62, 16, 6, 6, 9), arrow(12, 46, 56, 20), code(30, 35), code(46, 26), divide(),
    ...cloud(146, 16, 6, 6, 9), arrow(92, 46, 108, 42), arrow(110, 41, 124, 30), arrow(126, 29, 140, 19), code(109, 42), code(125, 30), code(141, 18),
  ],
  cures: () =>
    [20, 58, 96, 134].flatMap((x, i) => [
      ...cloud(x + 6, 20, 8, [0, 1, 4, 6][i], 10), code(x - 6, 46, true), arrow(x - 5, 41, x + 3, 26), code(x + 6, 20),
    ]),
  estimators: () => [
    arrow(14, 46, 34, 16), arrow(36, 50, 56, 20), code(14, 46), divide(),
    arrow(96, 48, 146, 40), arrow(96, 48, 122, 10), path("M138 41C136 28 132 22 119 15"), code(96, 48),
  ],
  "level-dropout": () => [
    ...[0, 1, 2, 3].map((i) => draw("rect", { x: 12 + 15 * i, y: 40 - 8 * i, width: 11, height: 10 + 8 * i, rx: 2, class: "code" })), divide(),
    ...[0, 1, 2, 3].map((i) => draw("rect", { x: 92 + 15 * i, y: 40 - 8 * i, width: 11, height: 10 + 8 * i, rx: 2, class: i < 2 ? "code" : "dead" })),
  ],
  sizes: () => [...field(10, 46, 16), ...field(72, 20, 4), ...field(72 + 24, 20, 4), ...field(130, 10, 2), ...field(143, 10, 2)],
};

/** @param {string} name of a preset */
export function glyph(name) {
  const marks = (GLYPHS[name] ?? GLYPHS.textbook)();
  return draw("svg", { class: "glyph", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", "data-drawn": name in GLYPHS ? name : "" }, ...marks);
}
