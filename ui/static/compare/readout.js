/** The legend of the curves, and at once their values: now, or at the step that is pointed at. */
import { put, whole } from "../format.js";
import { make, shown, swatch } from "./parts.js";
import { fade } from "./plot.js";
import { shortNames } from "./settings.js";
import { valueAt } from "./smoothing.js";

/** @typedef {import("./traces.js").Curve} Curve */

/** More runs than these get narrower lines. */
const ROOMY = 11;

export class Readout {
  /** @param {HTMLElement} host @param {any} context of the panels */
  constructor(host, context) {
    this.host = host;
    this.context = context;
    this.of = make("span");
    this.at = make("span");
    this.head = make("p", { class: "readout-head" }, this.of, this.at);
    this.list = make("ul", { class: "readout-runs" });
    host.append(this.head, this.list);
    this.key = "";
    context.focus.addEventListener("change", () => fade(this.list, context.focus.run));
  }

  /** @param {Curve[]} curves @param {string} metric @param {number | null} step null: the newest of each run */
  update(curves, metric, step) {
    this.host.classList.toggle("dense", curves.length > ROOMY);
    const key = JSON.stringify(curves.map(({ run, colour }) => [run.id, run.entry.name, colour, run.index]));
    if (key !== this.key) {
      this.key = key;
      const { of, names } = shortNames(curves.map(({ run }) => run));
      put(this.of, of);
      this.list.replaceChildren(...curves.map((curve, i) => this.#row(curve, names[i])));
      fade(this.list, this.context.focus.run);
    }
    put(this.at, step === null ? "newest" : `step ${whole(step)}`);
    curves.forEach(({ line }, i) => {
      const at = step ?? line.steps[line.steps.length - 1];
      const value = /** @type {HTMLElement} */ (this.list.children[i].querySelector("b"));
      put(value, shown(at === undefined ? null : valueAt(line, at), metric));
    });
  }

  /** @param {Curve} curve @param {string} name */
  #row({ run, colour }, name) {
    const { context } = this;
    const { focus } = context;
    const button = make("button", { type: "button", title: `${run.entry.name}: open it` }, swatch(run, colour), make("span", {}, name), make("b", {}, "–"));
    button.addEventListener("click", () => context.selectRun(run.id));
    for (const [event, id] of Object.entries({ pointerenter: run.id, focus: run.id, pointerleave: null, blur: null })) {
      button.addEventListener(event, () => focus.on(id));
    }
    return make("li", { class: "of-run", "data-run": run.id }, button);
  }
}
