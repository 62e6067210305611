/** A small chart of lines and points in SVG, for the few numbers of the probe: drawn anew in one go, without a library. */
import { draw } from "./parts.js";
import { scaleOf, ticksOf } from "./scale.js";

/**
 * @typedef {object} Line
 * @property {[number, number][]} points
 * @property {string} colour
 * @property {number} [width]
 * @property {string} [dash]
 * @property {number} [opacity]
 * @property {string} [run] fades when another run is pointed at
 * @property {string} [end] written at its end
 *
 * @typedef {{ x: number, y: number, colour: string, run: string }} Dot
 * @typedef {{ x?: number, y?: number, text?: string }} Rule a straight line across the chart
 * @typedef {{ x: (value: number) => number, y: (value: number) => number, left: number, right: number, top: number, bottom: number }} Frame
 *
 * @typedef {object} Content
 * @property {import("./scale.js").Domain} x
 * @property {import("./scale.js").Domain} y
 * @property {string} [xLabel]
 * @property {(value: number) => string} [yText] of a tick
 * @property {Line[]} lines
 * @property {Dot[]} [dots]
 * @property {Rule[]} [rules]
 * @property {(frame: Frame) => SVGElement[]} [extra] over all
 */

/** @type {{ left: number, right: number, top: number, bottom: number }} */
const MARGIN = { left: 44, right: 10, top: 8, bottom: 20 };

let clips = 0;

/** @param {SVGSVGElement} svg with a size @param {Content} content @param {import("../palette.js").Palette} colours @returns {Frame | null} null: no room */
export function plot(svg, content, colours) {
  const { width, height } = svg.getBoundingClientRect();
  if (width < 60 || height < 40) return null;
  const bottom = height - MARGIN.bottom - (content.xLabel ? 14 : 0);
  const frame = {
    left: MARGIN.left,
    right: width - MARGIN.right,
    top: MARGIN.top,
    bottom,
    x: scaleOf(content.x, MARGIN.left, width - MARGIN.right),
    y: scaleOf(content.y, bottom, MARGIN.top),
  };
  const clip = (svg.dataset.clip ??= `plot-clip-${(clips += 1)}`);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...grid(frame, content, colours),
    ...(content.rules ?? []).map((mark) => rule(mark, frame, colours)),
    draw("clipPath", { id: clip }, draw("rect", { x: frame.left, y: 0, width: frame.right - frame.left, height: bottom })),
    draw("g", { "clip-path": `url(#${clip})` }, ...content.lines.map((line) => path(line, frame, content))),
    ...ends(frame, content, colours),
    ...(content.dots ?? []).map((dot) => draw("circle", { class: "of-run", "data-run": dot.run, cx: frame.x(dot.x), cy: frame.y(dot.y), r: 5.5, fill: dot.colour, stroke: colours.panel, "stroke-width": 1.5 })),
    ...(content.extra?.(frame) ?? []),
  );
  return frame;
}

/** @param {Frame} frame @param {Content} content @param {import("../palette.js").Palette} colours */
function grid(frame, content, colours) {
  const { left, right, top, bottom } = frame;
  const text = { fill: colours.quiet, "font-size": 10 };
  const across = ticksOf(content.y, Math.max(3, Math.floor((bottom - top) / 28))).flatMap(({ value, text: words }) => {
    const y = frame.y(value);
    return [
      draw("line", { x1: left, x2: right, y1: y, y2: y, stroke: colours.grid }),
      draw("text", { x: left - 6, y: y + 3.5, "text-anchor": "end", ...text }, content.yText?.(value) ?? words),
    ];
  });
  const along = ticksOf(content.x, Math.max(2, Math.floor((right - left) / 64))).map(({ value, text: words }) =>
    draw("text", { x: frame.x(value), y: bottom + 14, "text-anchor": "middle", ...text }, words),
  );
  const label = content.xLabel ? [draw("text", { x: (left + right) / 2, y: bottom + 29, "text-anchor": "middle", ...text, "font-size": 11 }, content.xLabel)] : [];
  return [...across, draw("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: colours.axis }), ...along, ...label];
}

/** @param {Rule} mark @param {Frame} frame @param {import("../palette.js").Palette} colours */
function rule({ x, y, text = "" }, frame, colours) {
  const { left, right, top, bottom } = frame;
  const ends = x === undefined ? { x1: left, x2: right, y1: frame.y(y ?? 0), y2: frame.y(y ?? 0) } : { x1: frame.x(x), x2: frame.x(x), y1: top, y2: bottom };
  const line = draw("line", { ...ends, stroke: colours.quiet, "stroke-dasharray": x === undefined ? "none" : "4 3", "stroke-width": 1 });
  const place = { x: ends.x2 - 5, y: top + 9, "text-anchor": "end", fill: colours.quiet, "font-size": 10.5 };
  return draw("g", {}, line, ...(text ? [draw("text", place, text)] : []));
}

/** @param {Line} line @param {Frame} frame @param {Content} content */
function path(line, frame, content) {
  const there = line.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y) && !(content.y.log && y <= 0));
  const points = there.map(([x, y]) => `${frame.x(x).toFixed(1)},${frame.y(y).toFixed(1)}`).join(" ");
  const looks = { fill: "none", stroke: line.colour, "stroke-width": line.width ?? 2, "stroke-dasharray": line.dash ?? "none", "stroke-linejoin": "round", opacity: line.opacity ?? 1 };
  return draw("g", line.run ? { class: "of-run", "data-run": line.run } : {}, draw("polyline", { points, ...looks }));
}

/** What is written at the ends of lines, kept apart. @param {Frame} frame @param {Content} content @param {import("../palette.js").Palette} colours */
function ends(frame, content, colours) {
  const marks = content.lines.flatMap(({ end, points }) => (end && points.length ? [{ end, y: frame.y(points[points.length - 1][1]) }] : []));
  marks.sort((a, b) => a.y - b.y);
  marks.forEach((mark, i) => (mark.y = Math.max(mark.y, (marks[i - 1]?.y ?? -Infinity) + 11)));
  return marks.map(({ end, y }) => draw("text", { x: frame.right + 3, y: y + 3.5, fill: colours.text, "font-size": 10 }, end));
}

/** An empty chart. @param {Record<string, string>} [attributes] */
export const canvas = (attributes = {}) => /** @type {SVGSVGElement} */ (draw("svg", { class: "plot", role: "img", ...attributes }));

/** Lets the run that is pointed at stand out. @param {Element} host @param {string | null} run */
export function fade(host, run) {
  for (const part of host.querySelectorAll(".of-run")) part.classList.toggle("faded", run !== null && /** @type {HTMLElement | SVGElement} */ (part).dataset.run !== run);
}
