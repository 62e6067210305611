/** Rate and distortion: what the codes in use could carry, against the error over the probe images; and how each run got there. */
import { put, whole } from "../format.js";
import { runColour } from "./colours.js";
import { effectiveBits, figuresOf, nominalBits, psnr, sizesOf } from "./figures.js";
import { choices, draw, make, sayInstead, shown } from "./parts.js";
import { canvas, fade, plot } from "./plot.js";
import { domainOf } from "./scale.js";
import { shortNames } from "./settings.js";
import { hideTip, showTip } from "./tip.js";

/**
 * @typedef {import("./store.js").RunState} RunState
 * @typedef {{ run: RunState, colour: string, trail: [number, number][], steps: number[], now: [number, number] }} Place
 */

const NEAR = 18;
/** The first part of the trails does not decide what is in sight: errors fall fast at first. */
const BEGINNING = 0.2;

export class Rate {
  /** @param {HTMLElement} host @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    this.colours = context.colours;
    this.log = false;
    /** @type {RunState[]} */
    this.runs = [];
    /** @type {Place[]} */
    this.places = [];
    host.dataset.testid = "compare-rate";
    this.note = make("p", { class: "empty", role: "status" });
    this.chart = canvas();
    const scale = choices("compare-rate-scale", "Scale of the error", [["log", "log"], ["linear", "linear"]], "linear", (value) => {
      this.log = value === "log";
      this.update(this.runs);
    });
    this.words = make("small");
    this.picture = make("div", { class: "fill" }, make("p", { class: "choices" }, make("span", {}, "probe MSE"), this.words, scale), this.chart);
    host.append(this.note, this.picture);
    this.chart.addEventListener("pointermove", (event) => this.#point(event));
    this.chart.addEventListener("pointerleave", () => this.#leave());
    this.chart.addEventListener("click", () => this.context.focus.run && this.context.selectRun(this.context.focus.run));
    context.focus.addEventListener("change", () => fade(this.chart, context.focus.run));
    new ResizeObserver(() => this.#draw()).observe(this.chart);
  }

  close() {
    this.#leave();
  }

  /** @param {RunState[]} runs */
  update(runs) {
    this.runs = runs;
    this.places = runs.flatMap((run) => placeOf(run, this.colours.dark) ?? []);
    const words = runs.length ? "Points appear once the probe images are looked at: with the first steps." : "Select runs above: each becomes a point here, its bits against its error.";
    sayInstead(this.note, this.picture, this.places.length ? "" : words);
    this.#draw();
  }

  #draw() {
    const { places, colours, chart, host, log } = this;
    if (host.hidden || !places.length) return;
    const budgets = budgetsOf(places.map(({ run }) => run.entry.config));
    const all = places.flatMap(({ trail, now }) => [...trail.slice(Math.ceil(BEGINNING * trail.length)), now]);
    const x = domainOf([...all.map(([bits]) => bits), ...budgets.map(({ x: bits }) => bits)]);
    const y = domainOf(all.map(([, mse]) => mse), { log });
    const frame = plot(chart, {
      x, y, xLabel: "effective bits an image, Σ log₂ perplexity",
      rules: budgets,
      lines: places.map(({ run, colour, trail, now }) => ({ points: [...trail, now], colour, width: 1.5, opacity: 0.35, run: run.id })),
      dots: places.map(({ run, colour, now: [bits, mse] }) => ({ x: bits, y: mse, colour, run: run.id })),
      extra: (made) => this.#names(made),
    }, colours);
    this.frame = frame;
    const list = places.map(({ run, now: [bits, mse] }) => `${run.entry.name}: ${bits.toFixed(1)} bits, MSE ${shown(mse, "mse")}`);
    chart.setAttribute("aria-label", `Rate and distortion: ${list.join("; ")}`);
    chart.dataset.points = `${places.length}`;
    const { of } = shortNames(places.map(({ run }) => run));
    put(this.words, [of, budgets.length > 2 ? "dashed: nominal budgets" : ""].filter(Boolean).join(" · "));
    fade(chart, this.context.focus.run);
  }

  /** Names beside their points, where there is room; the others show when they are pointed at. @param {import("./plot.js").Frame} frame */
  #names(frame) {
    /** @type {number[][]} */
    const taken = this.places.map(({ now: [bits, mse] }) => boxAt(frame.x(bits) - 6, frame.y(mse) - 6, 12, 12));
    const { names } = shortNames(this.places.map(({ run }) => run));
    return this.places.flatMap(({ run, now: [bits, mse] }, i) => {
      const text = names[i].length > 24 ? `${names[i].slice(0, 23)}…` : names[i];
      const width = 5.9 * text.length;
      const [x, y] = [frame.x(bits), frame.y(mse)];
      const spots = [[x + 9, y - 7], [x - 9 - width, y - 7], [x - width / 2, y - 22], [x - width / 2, y + 9]];
      const spot = spots.find(([left, top]) => {
        const box = boxAt(left, top, width, 13);
        return left >= frame.left && left + width <= frame.right && top >= frame.top && top + 13 <= frame.bottom && !taken.some((other) => overlap(box, other));
      });
      if (!spot) return [];
      taken.push(boxAt(spot[0], spot[1], width, 13));
      return [draw("text", { class: "of-run point-name", "data-run": run.id, x: spot[0], y: spot[1] + 10.5, fill: this.colours.text, "font-size": 11 }, text)];
    });
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { frame, places, chart } = this;
    if (!frame) return;
    const box = chart.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const near = places.map(({ now: [bits, mse] }) => Math.hypot(frame.x(bits) - x, frame.y(mse) - y));
    const i = near.indexOf(Math.min(...near));
    if (!(near[i] < NEAR)) return this.#leave();
    const { run, colour, now: [bits, mse], steps } = places[i];
    this.context.focus.on(run.id);
    this.pointing = true;
    const beside = places.filter((_, other) => other !== i && Math.hypot(frame.x(places[other].now[0]) - frame.x(bits), frame.y(places[other].now[1]) - frame.y(mse)) < 4);
    const lines = [run.entry.name, ...beside.map((place) => `and ${place.run.entry.name}`), `${bits.toFixed(2)} of ${nominalBits(run.entry.config).toFixed(1)} bits`, `MSE ${shown(mse, "mse")}, PSNR ${psnr(mse).toFixed(2)} dB`, `step ${whole(run.snapshot?.step ?? steps.at(-1) ?? 0)}`];
    showTip(lines, event.clientX, event.clientY, colour);
  }

  #leave() {
    if (!this.pointing) return;
    this.pointing = false;
    hideTip();
    this.context.focus.on(null);
  }
}

/** @param {RunState} run @param {boolean} dark @returns {Place | null} */
function placeOf(run, dark) {
  const { probe } = run;
  const levels = run.entry.config.levels;
  const steps = [...(probe?.steps ?? [])];
  const trail = steps.map((_, i) => /** @type {[number, number]} */ ([effectiveBits(probe?.perplexity.slice(i * levels, (i + 1) * levels) ?? []), probe?.mse[i] ?? NaN]));
  const { bits, mse } = figuresOf(run);
  const now = bits !== null && mse !== null ? /** @type {[number, number]} */ ([bits, mse]) : trail.at(-1);
  if (!now || !now.every(Number.isFinite)) return null;
  return { run, colour: runColour(run.index, dark), trail, steps, now };
}

/** A line for each nominal budget. @param {any[]} configs */
function budgetsOf(configs) {
  const texts = new Map(configs.map((config) => [nominalBits(config), `${budgetWords(config)} = ${Number(nominalBits(config).toFixed(1))} bits`]));
  return [...texts].map(([x, text]) => ({ x, text: texts.size > 2 ? `${Number(x.toFixed(1))}` : text }));
}

/** @param {any} config */
const budgetWords = (config) =>
  new Set(sizesOf(config)).size === 1 ? `${config.levels} · log₂ ${sizesOf(config)[0]}` : `log₂ ${sizesOf(config).join(" · ")}`;

/** @param {number} left @param {number} top @param {number} width @param {number} height */
const boxAt = (left, top, width, height) => [left, top, left + width, top + height];

/** @param {number[]} a @param {number[]} b */
const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
