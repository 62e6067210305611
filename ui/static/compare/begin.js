/** Starting a comparison: lists of values, how many runs that is, and what the lab can hold at once. */
import { put } from "../format.js";
import { sharedFields, valueIn } from "./fields.js";
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
      this.rows, add, this.#shared(), make("div", { class: "begin-foot" }, this.plan, make("p", { class: "acts" }, this.go)),
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
    const { axes, live, fixed } = this.context.settings;
    const select = make("select", { "aria-label": "Setting", "data-testid": "axis-name" });
    for (const [head, names] of [...Object.entries(live), ...Object.entries(fixed)]) {
      const group = head ? select.appendChild(make("optgroup", { label: head })) : select;
      for (const axis of names) group.append(make("option", { value: axis, title: axes[axis].help }, axes[axis].label));
    }
    select.value = name;
    const list = make("input", { type: "text", "aria-label": "Values, separated by commas", "data-testid": "axis-values" });
    const all = () => Object.keys(axes[select.value].ways ?? {}).join(", ");
    const hint = () => (list.placeholder = axes[select.value].example);
    list.value = values || all();
    hint();
    select.addEventListener("change", () => {
      list.value = all();
      hint();
    });
    const drop = make("button", { type: "button", class: "quiet", "aria-label": "Leave this setting out" }, "×");
    const row = make("div", { class: "axis" }, select, list, drop);
    drop.addEventListener("click", () => {
      row.remove();
      this.#soon();
    });
    this.rows.append(row);
  }

  #shared() {
    const own = (/** @type {string} */ name, /** @type {string} */ label, type = "text") =>
      make("label", { class: "field" }, make("span", {}, label), make("input", { type, name, step: "any", "data-testid": `begin-${name}` }));
    this.inStep = make("input", { type: "checkbox", name: "in_step", "data-testid": "begin-in-step" });
    return make(
      "div", {},
      sharedFields(this.context.settings),
      make("div", { class: "fields" }, own("name", "Name (optional)"), own("until", "Stop at step (optional)", "number")),
      make("label", { class: "check" }, this.inStep, " keep in step: no run more than 25 steps ahead of the slowest"),
    );
  }

  /** @returns {any} what `plan` and `start` read */
  #command() {
    const { axes: settings, live, fixed } = this.context.settings;
    const data = new FormData(this.form);
    const rows = /** @type {HTMLElement[]} */ ([...this.rows.children]);
    const axes = Object.fromEntries(rows.map((row) => [row.querySelector("select")?.value, row.querySelector("input")?.value ?? ""]));
    const shared = (/** @type {Record<string, string[]>} */ groups) =>
      Object.fromEntries(Object.values(groups).flat().filter((name) => !(name in axes)).map((name) => [name, valueIn(data, name, settings[name])]));
    const until = data.get("until");
    return {
      axes, live: shared(live), fixed: { ...shared(fixed), dataset: data.get("dataset") },
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

  /** One click: runs that differ in these, all else as it is by default. @param {Record<string, string>} axes */
  async example(axes) {
    const fixed = { dataset: this.context.settings.dataset };
    const told = await this.context.act({ verb: "start", axes, live: {}, fixed, in_step: false, name: "", until: null });
    if (!told.error) this.context.select(told.runs);
  }
}
