/** Four looks at the same runs, one at a time: a table, two runs apart, a grid of two settings, rate and distortion. */
import { put } from "../format.js";
import { Divergence } from "./divergence.js";
import { Heat } from "./heat.js";
import { choices, choose, help, make } from "./parts.js";
import { Rate } from "./rate.js";
import { Table } from "./table.js";

/** @typedef {import("./store.js").RunState} RunState */

const PANELS = /** @type {const} */ ([
  ["table", "table", "What differs", Table],
  ["divergence", "divergence", "Two runs apart", Divergence],
  ["heat", "heat map", "Two settings", Heat],
  ["rate", "rate–distortion", "Rate and distortion", Rate],
]);

export class Panels {
  /** @param {HTMLElement} section @param {any} context */
  constructor(section, context) {
    this.context = context;
    /** @type {RunState[]} */
    this.runs = [];
    section.classList.add("analysis");
    this.title = make("h2");
    this.switch = choices("compare-panel", "Panel", PANELS.map(([name, label]) => [name, label]), "table", (name) => this.#show(name));
    this.switch.dataset.testid = "compare-panel-switch";
    section.replaceChildren(make("header", {}, this.title, this.helps(), this.switch));
    this.panels = Object.fromEntries(
      PANELS.map(([name, , , Kind]) => [name, new Kind(section.appendChild(make("div", { class: `analysis-panel ${name}-panel`, hidden: "" })), context)]),
    );
    this.#open(context.address?.get("panel"));
  }

  /** A `?` for each panel, of which one shows. */
  helps() {
    this.marks = PANELS.map(([name]) => make("span", { class: "help-of" }, help(`compare-${name}`)));
    const host = make("span");
    host.append(...this.marks);
    return host;
  }

  /** @param {string} name */
  #show(name) {
    this.context.address?.set("panel", name);
    this.#open(name);
  }

  /** @param {string | null | undefined} asked */
  #open(asked) {
    const index = Math.max(PANELS.findIndex(([name]) => name === asked), 0);
    const [name, , title] = PANELS[index];
    if (this.shown && this.shown !== this.panels[name]) this.shown.close?.();
    this.shown = /** @type {any} */ (this.panels[name]);
    for (const [other, panel] of Object.entries(this.panels)) panel.host.hidden = other !== name;
    this.marks?.forEach((mark, i) => (mark.hidden = i !== index));
    put(/** @type {HTMLElement} */ (this.title), title);
    choose(/** @type {HTMLElement} */ (this.switch), name);
    this.shown.open?.();
    this.shown.update(this.runs);
  }

  /** Which panel the address names may have changed. */
  follow() {
    this.#open(this.context.address?.get("panel"));
  }

  /** @param {RunState[]} runs those selected, in their order */
  update(runs) {
    this.runs = runs;
    this.shown.update(runs);
  }

  /** @param {any} answer of the server about two runs */
  updateDivergence(answer) {
    /** @type {Divergence} */ (this.panels.divergence).take(answer);
  }

  /** @param {import("../palette.js").Palette} colours */
  recolour(colours) {
    for (const panel of Object.values(this.panels)) panel.colours = colours;
    this.shown.update(this.runs);
  }
}
