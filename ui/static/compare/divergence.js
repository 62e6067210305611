/** How far two runs have come apart: codes of the probe images, codebooks, errors. The server compares them. */
import { floats, integers } from "../decode.js";
import { listed, percent, put, whole } from "../format.js";
import { sizesText } from "./figures.js";
import { make, menu, offer, sayInstead, shown } from "./parts.js";
import { canvas, plot } from "./plot.js";
import { domainOf } from "./scale.js";
import { hideTip, showTip } from "./tip.js";

/**
 * @typedef {import("./store.js").RunState} RunState
 * @typedef {{ a: string, b: string, steps: Int32Array, codes: Float32Array, distance: Float32Array, mse: Float32Array, levels: number }} Apart
 */

const DASHES = ["none", "7 3", "2 3", "10 3 2 3", "1 4", "12 6", "4 6", "8 2 2 2 2 2"];
const CHARTS = /** @type {const} */ ([
  ["codes", "other codes, by level"],
  ["distance", "codebooks apart, by level"],
  ["mse", "difference of MSE"],
]);

export class Divergence {
  /** @param {HTMLElement} host @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    this.colours = context.colours;
    /** @type {RunState[]} */
    this.runs = [];
    /** @type {[string, string]} */
    this.pair = ["", ""];
    this.shownPair = "";
    this.asked = "null";
    /** @type {Apart | null} */
    this.apart = null;
    this.error = "";
    this.menus = ["One run", "The other run"].map((label, i) => menu(label, (id) => this.#pick(i, id)));
    this.sentence = make("p", { class: "sentence", role: "status" });
    this.note = make("p", { class: "empty", role: "status" });
    this.charts = CHARTS.map(([, title]) => canvas({ "aria-label": title }));
    const figures = CHARTS.map(([, title], i) => make("figure", {}, make("figcaption", {}, title), this.charts[i]));
    this.picture = make("div", { class: "fill" }, make("div", { class: "triptych" }, ...figures), this.sentence);
    const heading = make("p", { class: "choices" }, this.menus[0], make("span", {}, "against"), this.menus[1]);
    this.host.append(heading, this.note, this.picture);
    this.host.dataset.testid = "compare-divergence";
    this.charts.forEach((chart) => {
      chart.addEventListener("pointermove", (event) => this.#point(event));
      chart.addEventListener("pointerleave", hideTip);
    });
    new ResizeObserver(() => this.#draw()).observe(this.picture);
  }

  open() {
    this.active = true;
    this.#ask();
  }

  close() {
    this.active = false;
    hideTip();
    this.#ask();
  }

  /** @param {number} place @param {string} id */
  #pick(place, id) {
    this.pair[place] = id;
    this.#ask();
    this.update(this.runs);
  }

  #ask() {
    const wanted = this.active && !this.#hindrance() ? this.pair : null;
    const key = JSON.stringify(wanted);
    if (key === this.asked) return;
    this.asked = key;
    this.context.wantDivergence?.(wanted && [...wanted]);
  }

  /** @param {any} answer */
  take(answer) {
    if (!answer || answer.a !== this.pair[0] || answer.b !== this.pair[1]) return;
    this.error = answer.error ?? "";
    this.apart = answer.error ? null : decoded(answer);
    this.update(this.runs);
  }

  /** @param {RunState[]} runs */
  update(runs) {
    this.runs = runs;
    const ids = runs.map(({ id }) => id);
    this.pair.forEach((id, i) => {
      if (!ids.includes(id)) this.pair[i] = ids.find((other) => other !== this.pair[1 - i]) ?? "";
    });
    const options = runs.map(({ id, entry }) => ({ value: id, label: entry.name }));
    this.menus.forEach((select, i) => offer(select, options, this.pair[i]));
    if (this.apart && (this.apart.a !== this.pair[0] || this.apart.b !== this.pair[1])) this.apart = null;
    if (`${this.pair}` !== this.shownPair) this.error = "";
    this.shownPair = `${this.pair}`;
    this.#ask();
    sayInstead(this.note, this.picture, this.#hindrance() || this.#lack());
    this.menus.forEach((select) => (select.disabled = runs.length < 2));
    this.#draw();
  }

  /** Why these two cannot be compared. */
  #hindrance() {
    const [a, b] = this.pair.map((id) => this.runs.find((run) => run.id === id)?.entry);
    if (this.runs.length < 2) return "Select at least two runs above: how far any two of them have come apart shows here.";
    if (!a || !b || a === b) return "Choose two different runs: a run never comes apart from itself.";
    const shapes = [a, b].map(({ config }) => `${config.levels} × ${sizesText(config)}`);
    if (shapes[0] === shapes[1]) return "";
    return `These runs have codebooks of different shape, ${shapes[0]} and ${shapes[1]} codes: choose two with as many levels and codes.`;
  }

  /** What is missing yet. */
  #lack() {
    if (this.error) return `${this.error[0].toUpperCase()}${this.error.slice(1)}.`;
    if (!this.apart) return "Comparing the two runs …";
    return this.apart.steps.length ? "" : "Both runs have to reach a common step at which the probe images are looked at: the first is step 50.";
  }

  #draw() {
    const { apart, colours, host } = this;
    if (host.hidden || this.picture.hidden || !apart) return;
    const x = domainOf([...apart.steps], { zero: true });
    this.frames = CHARTS.map(([name], i) => {
      const values = apart[name];
      const width = name === "mse" ? 1 : apart.levels;
      const lines = Array.from({ length: width }, (_, level) => ({
        points: [...apart.steps].map((step, n) => /** @type {[number, number]} */ ([step, values[n * width + level]])),
        colour: colours.text, dash: DASHES[level % DASHES.length], width: 1.8,
        end: width > 1 ? `${level + 1}` : "",
      }));
      const y = name === "codes" ? { low: 0, high: 1, log: false } : domainOf([...values], { zero: true });
      return plot(this.charts[i], { x, y, lines, yText: name === "codes" ? percent : undefined, rules: name === "mse" ? [{ y: 0 }] : [] }, colours);
    });
    this.#explain(apart);
  }

  /** @param {Apart} apart */
  #explain(apart) {
    const last = apart.steps.length - 1;
    const [a, b] = this.pair.map((id) => this.runs.find((run) => run.id === id)?.entry.name ?? "");
    const levels = Array.from({ length: apart.levels }, (_, level) => level);
    const codes = levels.map((level) => `to ${percent(apart.codes[last * apart.levels + level])}${level ? "" : " of the probe images"} at level ${level + 1}`);
    const more = apart.mse[last];
    const error = more === 0 ? "the errors are equal" : `“${b}” has an MSE ${shown(Math.abs(more), "mse")} ${more > 0 ? "above" : "below"} that of “${a}”`;
    put(this.sentence, `At step ${whole(apart.steps[last])} another code is given ${listed(codes)}; ${error}.`);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const chart = this.charts.indexOf(/** @type {any} */ (event.currentTarget));
    const frame = this.frames?.[chart];
    if (!frame || !this.apart?.steps.length) return;
    const at = event.clientX - this.charts[chart].getBoundingClientRect().left;
    const { steps, levels, codes, distance, mse } = this.apart;
    const apartBy = Array.from(steps, (step) => Math.abs(frame.x(step) - at));
    const i = apartBy.indexOf(Math.min(...apartBy));
    const each = Array.from({ length: levels }, (_, l) => `level ${l + 1}: ${percent(codes[i * levels + l])} other codes, codebooks ${shown(distance[i * levels + l], "distance")} apart`);
    showTip([`step ${whole(steps[i])}`, ...each, `MSE ${mse[i] > 0 ? "+" : "−"}${shown(Math.abs(mse[i]), "mse")}`], event.clientX, event.clientY);
  }
}

/** @param {any} answer @returns {Apart} */
function decoded({ a, b, steps, codes, distance, mse }) {
  const at = integers(steps);
  const shares = floats(codes);
  return { a, b, steps: at, codes: shares, distance: floats(distance), mse: floats(mse), levels: at.length ? shares.length / at.length : 0 };
}
