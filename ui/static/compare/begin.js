/** Starting a comparison: lists of values, how many runs that is, and what the lab can hold at once. */
import { put } from "../format.js";
import { help, make } from "./parts.js";

const EXAMPLE = { commit: "0.05, 0.25, 1, 4" };
/** Milliseconds of rest after which the plan is asked for. */
const REST = 250;

export class Begin {
  /** @param {HTMLFormElement} form @param {any} context */
  constructor(form, context) {
    Object.assign(this, { form, context });
    this.rows = make("div", { class: "axes" });
    this.plan = make("p", { class: "plan", role: "status", "data-testid": "compare-plan" });
    this.go = make("button", { type: "submit", class: "act primary", "data-testid": "compare-start" }, "▶ Start these runs");
    const add = make("button", { type: "button", class: "quiet", "data-testid": "compare-add-axis" }, "+ another setting");
    add.addEventListener("click", () => this.#addFree());
    form.append(
      make("header", {}, make("h2", {}, "Start a comparison"), help("compare-start")),
      make("p", { class: "hint" }, "Runs that are the same but for the values you list: one run for each, or for each combination."),
      this.rows, add, this.#fixed(), this.plan, make("p", { class: "acts" }, this.go),
    );
    this.#add("commit", EXAMPLE.commit);
    form.addEventListener("input", () => this.#soon());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    form.addEventListener("toggle", () => this.#soon());
  }

  /** The first setting that no row has yet. */
  #addFree() {
    const taken = new Set([...this.rows.querySelectorAll("select")].map(({ value }) => value));
    const free = Object.keys(this.context.settings.axes).find((name) => !taken.has(name));
    if (free) this.#add(free, "");
    this.#soon();
  }

  /** @param {string} name @param {string} values */
  #add(name, values) {
    const { axes } = this.context.settings;
    const select = make("select", { "aria-label": "Setting", "data-testid": "axis-name" });
    for (const [axis, setting] of Object.entries(axes)) select.append(make("option", { value: axis }, /** @type {any} */ (setting).label));
    select.value = name;
    const list = make("input", { type: "text", "aria-label": "Values, separated by commas", placeholder: "0.05, 0.25, 1", "data-testid": "axis-values" });
    const all = () => Object.keys(axes[select.value].ways ?? {}).join(", ");
    list.value = values || all();
    select.addEventListener("change", () => (list.value = all()));
    const drop = make("button", { type: "button", class: "quiet", "aria-label": "Leave this setting out" }, "×");
    const row = make("div", { class: "axis" }, select, list, drop);
    drop.addEventListener("click", () => {
      row.remove();
      this.#soon();
    });
    this.rows.append(row);
  }

  #fixed() {
    const { settings } = this.context;
    const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {any} */ value, type = "number") =>
      make("label", { class: "field" }, make("span", {}, label), make("input", { type, name, value: `${value}`, step: "any", "data-testid": `begin-${name}` }));
    const dataset = make("select", { name: "dataset", "data-testid": "begin-dataset" });
    for (const name of settings.datasets) dataset.append(make("option", { value: name }, name));
    dataset.value = settings.dataset;
    const shared = [...settings.live, ...settings.fixed].map((name) => {
      const { label, default: value, ways } = settings.axes[name];
      return ways ? make("label", { class: "field" }, make("span", {}, label), waysOf(name, ways, value)) : field(name, label, value);
    });
    this.inStep = make("input", { type: "checkbox", name: "in_step", "data-testid": "begin-in-step" });
    return make(
      "div", {},
      make("details", {}, make("summary", {}, "Settings that all runs share"), make("div", { class: "fields" }, ...shared, make("label", { class: "field" }, make("span", {}, "data set"), dataset))),
      make("div", { class: "fields" }, field("name", "Name (optional)", "", "text"), field("until", "Stop at step (optional)", "")),
      make("label", { class: "check" }, this.inStep, " keep in step: no run more than 25 steps ahead of the slowest"),
    );
  }

  /** @returns {any} what `plan` and `start` read */
  #command() {
    const { settings } = this.context;
    const data = new FormData(this.form);
    const rows = /** @type {HTMLElement[]} */ ([...this.rows.children]);
    const axes = Object.fromEntries(rows.map((row) => [row.querySelector("select")?.value, row.querySelector("input")?.value ?? ""]));
    const valueOf = (/** @type {string} */ name) => (settings.axes[name].ways ? data.get(name) : data.get(name) === "" ? null : Number(data.get(name)));
    const shared = (/** @type {string[]} */ names) => Object.fromEntries(names.filter((name) => !(name in axes)).map((name) => [name, valueOf(name)]));
    const until = data.get("until");
    return {
      axes, live: shared(settings.live), fixed: { ...shared(settings.fixed), dataset: data.get("dataset") },
      name: data.get("name"), until: until === "" ? null : Number(until), in_step: this.inStep.checked,
    };
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), REST);
  }

  async #ask() {
    if (!this.form.matches(":popover-open")) return;
    const told = await this.context.ask({ verb: "plan", ...this.#command() });
    put(this.plan, told.error ?? told.words).dataset.kind = told.error ? "bad" : "good";
    this.go.disabled = Boolean(told.error);
    put(this.go, told.count ? `▶ Start ${told.count} runs` : "▶ Start");
  }

  async #start() {
    this.go.disabled = true;
    put(this.go, "Starting …");
    const told = await this.context.act({ verb: "start", ...this.#command() });
    this.go.disabled = false;
    if (told.error) return this.#soon();
    this.form.hidePopover();
    this.context.select(told.runs.slice(0, this.context.settings.most_runs));
  }

  /** One click: four runs that differ in λ_commit. @param {Record<string, string>} axes */
  async example(axes) {
    const { settings } = this.context;
    const live = Object.fromEntries(settings.live.filter((/** @type {string} */ name) => !(name in axes)).map((/** @type {string} */ name) => [name, settings.axes[name].default]));
    const told = await this.context.act({ verb: "start", axes, live, fixed: { dataset: settings.dataset }, in_step: false, name: "", until: null });
    if (!told.error) this.context.select(told.runs);
  }
}

/** A menu of ways. @param {string} name @param {Record<string, string>} ways @param {string} chosen */
function waysOf(name, ways, chosen) {
  const select = make("select", { name, "data-testid": `begin-${name}` });
  for (const [way, help] of Object.entries(ways)) select.append(make("option", { value: way, title: help }, way.replaceAll("_", " ")));
  select.value = chosen;
  return select;
}
