/**
 * Any metric of all selected runs over one another, by step. Plotly draws; what is under the pointer, and which run stands
 * out, is this page's own, because that must not cost a drawing.
 */
import { plotly } from "../curves.js";
import { put, whole } from "../format.js";
import { metricsOf } from "./figures.js";
import { choices, choose, help, make, menu, offer, sayInstead, shown } from "./parts.js";
import { Pointer } from "./pointer.js";
import { Readout } from "./readout.js";
import { curvesOf, layoutOf, tracesOf, valuesInSight } from "./traces.js";

/** @typedef {import("./store.js").RunState} RunState @typedef {import("./traces.js").Curve} Curve */

const REDRAW = 1000;
/** A drawing may take this part of the time. */
const SHARE = 0.03;
/** What the positions of the slider stand for, in steps. */
const REACHES = [0, 5, 10, 20, 50, 100, 200, 500, 1000];
const FIRST_REACH = 3;

export class Curves {
  /** @param {HTMLElement} section @param {any} context of the panels */
  constructor(section, context) {
    this.section = section;
    this.context = context;
    this.colours = context.colours;
    this.metric = "loss/recon";
    this.reach = REACHES[FIRST_REACH];
    /** A scale each for losses and for codes: one suits the other badly. @type {Record<string, string>} */
    this.scales = { loss: "log", probe: "log", codebook: "linear", entropy: "linear" };
    /** @type {RunState[]} */
    this.runs = [];
    /** @type {Curve[]} */
    this.curves = [];
    this.resets = 0;
    this.drawnAt = -REDRAW;
    this.pause = REDRAW;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.#build();
    this.readout = new Readout(this.list, context);
    this.pointer = new Pointer(this.chart, context.focus, (step) => this.readout.update(this.curves, this.metric, step));
    new ResizeObserver(() => this.#soon()).observe(this.chart);
  }

  #build() {
    const { section } = this;
    section.classList.add("analysis");
    this.title = make("h2", {}, "Curves");
    this.menu = menu("Metric", (metric) => this.#show(metric));
    this.menu.dataset.testid = "compare-metric";
    this.scale = choices("compare-curve-scale", "Scale of the curves", [["log", "log"], ["linear", "linear"]], "log", (scale) => {
      this.scales[this.kind] = scale;
      this.#draw();
    });
    this.scale.dataset.testid = "compare-scale";
    this.unzoom = make("button", { type: "button", class: "quiet unzoom", hidden: "" }, "whole range");
    this.unzoom.addEventListener("click", () => this.#reset());
    section.replaceChildren(make("header", {}, this.title, this.menu, help("compare-curves"), this.#smoothing(), this.scale));
    this.chart = make("div", { class: "chart", role: "img", "data-testid": "compare-chart" });
    this.list = make("div", { class: "readout" });
    this.note = make("p", { class: "empty", role: "status" });
    this.body = make("div", { class: "curves-body" }, this.chart, this.unzoom, this.list);
    section.append(this.note, this.body);
  }

  #smoothing() {
    const slider = make("input", { type: "range", min: "0", max: `${REACHES.length - 1}`, step: "1", "data-testid": "compare-smoothing", "aria-label": "Smoothing" });
    const told = make("output");
    const say = () => {
      slider.setAttribute("aria-valuetext", put(told, this.reach ? `${whole(this.reach)} steps` : "off").textContent ?? "");
    };
    slider.value = `${FIRST_REACH}`;
    slider.addEventListener("input", () => {
      this.reach = REACHES[Number(slider.value)];
      say();
      this.#draw();
    });
    say();
    this.slider = slider;
    return make("label", { class: "smoothing" }, "smoothing", slider, told);
  }

  /** What it is a metric of; the entropy term is by itself, because it lies below 0. */
  get kind() {
    return this.metric === "loss/entropy" ? "entropy" : this.metric.split("/")[0];
  }

  #chooseScale() {
    choose(this.scale, this.scales[this.kind]);
    this.scale.hidden = this.kind === "entropy";
  }

  /** @param {RunState[]} runs those selected, in their order */
  update(runs) {
    if (runs.map(({ id }) => id).join() !== this.runs.map(({ id }) => id).join()) this.drawnAt = -Infinity;
    this.runs = runs;
    if (runs.length) plotly().catch(() => {}); // told once there is something to draw
    const options = metricsOf(runs).flatMap(({ group, metrics }) => metrics.map(({ name, label }) => ({ value: name, label, group })));
    const asked = this.context.address?.get("metric") || this.metric;
    this.metric = options.some(({ value }) => value === asked) ? asked : "loss/recon";
    offer(this.menu, options, this.metric);
    this.#chooseScale();
    this.#soon();
  }

  /** @param {import("../palette.js").Palette} colours */
  recolour(colours) {
    this.colours = colours;
    this.#draw();
  }

  /** @param {string} metric */
  #show(metric) {
    this.metric = metric;
    this.context.address?.set("metric", metric);
    this.#chooseScale();
    this.#draw();
  }

  #reset() {
    this.resets += 1;
    this.#draw();
  }

  #soon() {
    this.timer ??= setTimeout(() => this.#draw(), Math.max(0, this.drawnAt + this.pause - performance.now()));
  }

  async #draw() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.drawnAt = performance.now();
    const begun = this.runs.some((run) => run.history?.steps.length || run.probe?.steps.length);
    sayInstead(this.note, this.body, begun ? "" : this.runs.length ? "The curves begin with the first steps of the runs." : "Select runs above: their curves show here, over one another.");
    if (!begun || !this.chart.clientWidth) return;
    try {
      const Plotly = await plotly();
      const before = performance.now();
      await this.#react(Plotly);
      const took = performance.now() - before;
      this.chart.dataset.took = took.toFixed(1);
      this.pause = Math.min(Math.max(took / SHARE, REDRAW), 5 * REDRAW);
    } catch (error) {
      sayInstead(this.note, this.body, `No curves: ${/** @type {Error} */ (error).message}.`);
    }
  }

  /** @param {any} Plotly */
  async #react(Plotly) {
    const { chart, metric, runs } = this;
    const scale = this.scales[this.kind];
    const reach = this.kind === "probe" ? 0 : this.reach;
    if (this.slider) this.slider.disabled = this.kind === "probe"; // few points, and no noise of batches
    this.curves = curvesOf(runs, metric, reach, this.colours.dark);
    const last = Math.max(0, ...this.curves.map(({ line }) => line.steps[line.steps.length - 1] ?? 0));
    const revision = `${metric}/${scale}/${this.resets}`;
    const { clientWidth: width, clientHeight: height } = chart;
    const range = /** @type {[number, number]} */ ([0, Math.max(last, 10)]);
    const values = valuesInSight(this.curves, range, scale === "log");
    const layout = layoutOf({ colours: this.colours, scale, last, values, revision, width, height });
    const zoomed = this.#zoom(revision);
    const first = !("layout" in chart);
    await Plotly.react(chart, tracesOf(this.curves, zoomed ?? range, width, scale === "log", reach > 0), layout, { displayModeBar: false, doubleClick: false, showTips: false });
    if (first) this.#listen();
    this.revision = revision;
    this.unzoom.hidden = zoomed === null;
    this.pointer.take(this.curves, this.context.focus.run);
    this.readout.update(this.curves, metric, this.pointer.step);
    this.#describe(last);
  }

  /** The steps in sight where somebody zoomed in. @param {string} revision @returns {[number, number] | null} */
  #zoom(revision) {
    return this.zoomed && this.revision === revision ? this.zoomed : (this.zoomed = null);
  }

  #listen() {
    const chart = /** @type {any} */ (this.chart);
    chart.on("plotly_relayout", (/** @type {any} */ change) => {
      if (!Object.keys(change).some((name) => name.startsWith("xaxis.range") || name.startsWith("yaxis.range"))) return;
      this.zoomed = /** @type {[number, number]} */ ([...chart.layout.xaxis.range]);
      this.#draw();
    });
    chart.on("plotly_doubleclick", () => this.#reset());
  }

  /** @param {number} last */
  #describe(last) {
    const { chart, curves, metric } = this;
    const label = this.menu.selectedOptions[0]?.textContent ?? metric;
    const values = curves.map(({ run, line }) => `${run.entry.name} ${shown(line.values[line.values.length - 1], metric)}`);
    chart.setAttribute("aria-label", `${label} by step, up to step ${whole(last)}: ${values.join("; ")}`);
    chart.dataset.points = `${curves.reduce((sum, { raw }) => sum + raw.steps.length, 0)}`;
    chart.dataset.markers = `${curves.reduce((sum, { marks }) => sum + marks.length, 0)}`;
  }
}
