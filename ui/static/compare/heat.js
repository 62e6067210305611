/** A metric for each combination of the values of two settings, at a step that the runs share. A cell opens its run. */
import { put, whole } from "../format.js";
import { bestOf } from "./figures.js";
import { axesOf, gridOf, probeAt, sharedSteps } from "./grid.js";
import { make, menu, offer, sayInstead, shown } from "./parts.js";
import { LABELS, worded } from "./settings.js";
import { GRADIENT, shade } from "./viridis.js";

/** @typedef {import("./store.js").RunState} RunState @typedef {import("./grid.js").Cell} Cell */

export class Heat {
  /** @param {HTMLElement} host @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    this.colours = context.colours;
    /** @type {RunState[]} */
    this.runs = [];
    this.metric = "mse";
    /** Chosen axes; "": the obvious one. */
    this.axes = ["", ""];
    /** @type {number | null} null: follows the newest */
    this.step = null;
    host.dataset.testid = "compare-heat";
    this.menus = ["Setting across", "Setting down"].map((label, i) => menu(label, (name) => this.#turn(i, name)));
    this.metrics = menu("Metric of the heat map", (metric) => this.#set({ metric }));
    this.slider = make("input", { type: "range", min: "0", max: "0", step: "1", "data-testid": "compare-heat-step", "aria-label": "Step" });
    this.slider.addEventListener("input", () => this.#slide(Number(this.slider.value)));
    this.told = make("output");
    this.note = make("p", { class: "empty", role: "status" });
    this.table = make("table", { class: "heat" });
    this.legend = make("p", { class: "heat-legend" }, make("span"), make("i", { style: `background: ${GRADIENT}` }), make("span"), make("span", { class: "words" }), make("label", { class: "at-step" }, "at step", this.slider, this.told));
    const words = (/** @type {string} */ text) => make("span", {}, text);
    const heading = make("p", { class: "choices" }, this.metrics, words("by"), this.menus[0], words("and"), this.menus[1]);
    this.picture = make("div", { class: "fill" }, heading, make("div", { class: "scroll heat-room" }, this.table), this.legend);
    host.append(this.note, this.picture);
    context.focus.addEventListener("change", () => this.#fade());
  }

  /** @param {Partial<Heat>} change */
  #set(change) {
    Object.assign(this, change);
    this.update(this.runs);
  }

  /** The same setting on both axes says nothing: they change places. @param {number} place @param {string} name */
  #turn(place, name) {
    const shownAxes = this.menus.map(({ value }) => value);
    shownAxes[place] = name;
    if (shownAxes[1 - place] === name) shownAxes[1 - place] = this.drawn?.[place] ?? "";
    this.#set({ axes: shownAxes });
  }

  /** @param {number} place */
  #slide(place) {
    const steps = sharedSteps(this.runs);
    this.#set({ step: place >= steps.length - 1 ? null : steps[place] });
  }

  /** @param {RunState[]} runs */
  update(runs) {
    this.runs = runs;
    const names = axesOf(runs);
    const steps = sharedSteps(runs);
    sayInstead(this.note, this.picture, hindrance(runs, names, steps));
    if (!this.note.hidden) return;
    const [across, down] = this.#chosen(names);
    this.drawn = [across, down];
    const options = names.map((value) => ({ value, label: LABELS[value] }));
    this.menus.forEach((select, i) => offer(select, options, [across, down][i]));
    const metrics = metricsOf(runs);
    if (!metrics.some(({ value }) => value === this.metric)) this.metric = "mse";
    offer(this.metrics, metrics, this.metric);
    const step = this.#at(steps);
    this.#paint(gridOf(runs, across, down, (run) => probeAt(run, this.metric, step)), across, down, step);
  }

  /** @param {string[]} names @returns {[string, string]} */
  #chosen(names) {
    const wanted = this.axes.map((name) => (names.includes(name) ? name : ""));
    const free = names.filter((name) => !wanted.includes(name));
    const [across, down] = wanted.map((name) => name || /** @type {string} */ (free.shift()));
    return [across, down];
  }

  /** The step on show, and the slider at it. @param {number[]} steps */
  #at(steps) {
    let place = this.step === null ? steps.length - 1 : steps.findLastIndex((step) => step <= /** @type {number} */ (this.step));
    place = Math.max(place, 0);
    this.slider.max = `${steps.length - 1}`;
    this.slider.value = `${place}`;
    const words = `${whole(steps[place])}${this.step === null ? ", the newest" : ""}`;
    this.slider.setAttribute("aria-valuetext", words);
    put(this.told, whole(steps[place])).title = words;
    return steps[place];
  }

  /** @param {ReturnType<typeof gridOf>} grid @param {string} across @param {string} down @param {number} step */
  #paint({ columns, rows, cells }, across, down, step) {
    const better = this.metric === "mse" ? "low" : "high";
    const flat = cells.flat();
    const values = flat.map((cell) => cell?.value ?? null);
    const known = /** @type {number[]} */ (values.filter((value) => value !== null));
    const [least, most] = [Math.min(...known), Math.max(...known)];
    const best = bestOf(values, better, (value) => shown(value, this.metric));
    const share = (/** @type {number} */ value) => (most > least ? (better === "low" ? most - value : value - least) / (most - least) : 0.5);
    const key = JSON.stringify([columns, rows, across, down]);
    if (this.table.dataset.key !== key) this.#lay(columns, rows, across, down, key);
    flat.forEach((cell, i) => this.#cell(/** @type {HTMLElement} */ (this.places[i]), cell, best.has(i), share, step));
    const [worst, , top, words] = /** @type {HTMLElement[]} */ ([...this.legend.children]);
    const ends = better === "low" ? [most, least] : [least, most];
    [worst, top].forEach((place, i) => put(place, known.length ? shown(ends[i], this.metric) : "–"));
    put(words, `brighter: better · ★ best${flat.some((cell) => !cell) ? " · hatched: no run" : ""}`);
    this.#fade();
  }

  /** @param {(number | string)[]} columns @param {(number | string)[]} rows @param {string} across @param {string} down @param {string} key */
  #lay(columns, rows, across, down, key) {
    this.table.dataset.key = key;
    this.table.setAttribute("aria-label", `${LABELS[across]} across, ${LABELS[down]} down`);
    const heads = columns.map((value) => make("th", { scope: "col" }, worded(value)));
    const top = make("tr", {}, make("td", { class: "corner", colspan: "2" }), make("th", { class: "axis", colspan: `${columns.length}` }, LABELS[across]));
    const names = make("tr", {}, make("td", { class: "corner", colspan: "2" }), ...heads);
    /** @type {HTMLElement[]} */
    this.places = [];
    const lines = rows.map((value, r) => {
      const places = columns.map(() => make("td"));
      this.places.push(...places);
      const axis = r === 0 ? [make("th", { class: "axis down", rowspan: `${rows.length}` }, make("span", {}, LABELS[down]))] : [];
      return make("tr", {}, ...axis, make("th", { scope: "row" }, worded(value)), ...places);
    });
    this.table.replaceChildren(make("thead", {}, top, names), make("tbody", {}, ...lines));
  }

  /** @param {HTMLElement} place @param {Cell | null} cell @param {boolean} best @param {(value: number) => number} share @param {number} step */
  #cell(place, cell, best, share, step) {
    place.classList.toggle("missing", !cell || cell.value === null);
    place.classList.toggle("best", best);
    if (!cell) return place.replaceChildren();
    const run = cell.runs.toSorted((a, b) => this.#rank(a, step) - this.#rank(b, step))[0];
    const button = /** @type {HTMLElement} */ (place.firstElementChild ?? place.appendChild(this.#button()));
    Object.assign(button.dataset, { run: run.id, runs: cell.runs.map(({ id }) => id).join(" ") });
    const value = cell.value === null ? lacking(run) : shown(cell.value, this.metric);
    put(button, `${best ? "★ " : ""}${value}${cell.runs.length > 1 ? `  ×${cell.runs.length}` : ""}`);
    const many = cell.runs.length > 1 ? `, mean of ${cell.runs.length} runs; opens the best` : "";
    button.title = `${run.entry.name}${many}`;
    button.setAttribute("aria-label", `${run.entry.name}: ${value}${best ? ", best" : ""}${many}`);
    const { ground, ink } = cell.value === null ? { ground: "", ink: "" } : shade(share(cell.value));
    Object.assign(button.style, { background: ground, color: ink });
  }

  /** Best first. @param {RunState} run @param {number} step */
  #rank(run, step) {
    const value = probeAt(run, this.metric, step) ?? Infinity;
    return this.metric === "mse" ? value : -value;
  }

  #button() {
    const { context } = this;
    const { focus } = context;
    const button = make("button", { type: "button" });
    const run = () => button.dataset.run ?? "";
    button.addEventListener("click", () => context.selectRun(run()));
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => focus.on(run()));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => focus.on(null));
    return button;
  }

  #fade() {
    const { run } = this.context.focus;
    for (const place of this.places ?? []) {
      const runs = /** @type {HTMLElement | null} */ (place.firstElementChild)?.dataset.runs?.split(" ");
      place.classList.toggle("faded", run !== null && runs !== undefined && !runs.includes(run));
    }
  }
}

/** @param {RunState} run */
const lacking = ({ entry: { status } }) => (["failed", "lost", "stopped"].includes(status) ? "ended" : "–");

/** @param {RunState[]} runs */
function metricsOf(runs) {
  const levels = Math.max(1, ...runs.map((run) => run.entry.config.levels));
  const each = Array.from({ length: levels }, (_, l) => [
    { value: `perplexity/${l}`, label: `perplexity, level ${l + 1}` },
    { value: `active/${l}`, label: `active codes, level ${l + 1}` },
  ]);
  return [{ value: "mse", label: "probe MSE" }, ...each.flat()];
}

/** Why there is nothing to see. @param {RunState[]} runs @param {string[]} names @param {number[]} steps */
function hindrance(runs, names, steps) {
  if (runs.length < 2) return "Select runs above that differ in two settings: each combination gets a cell here.";
  if (names.length === 0) return "These runs have equal settings: start a comparison with lists for two settings, such as λ_commit and λ_codebook.";
  if (names.length === 1) return `These runs differ only in ${LABELS[names[0]]}: a heat map needs a second setting that varies. Start a comparison with lists for two.`;
  return steps.length ? "" : "The first cells fill at step 50, when the probe images are first looked at in every run.";
}
