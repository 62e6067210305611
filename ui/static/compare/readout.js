/** The legend of the curves, and at once their values: now, or at the step that is pointed at. */
import { put, whole } from "../format.js";
import { make, shown, swatch } from "./parts.js";
import { fade } from "./plot.js";
import { valueAt } from "./smoothing.js";

/** @typedef {import("./traces.js").Curve} Curve */

export class Readout {
  /** @param {HTMLElement} host @param {any} context of the panels */
  constructor(host, context) {
    this.host = host;
    this.context = context;
    this.head = make("p", { class: "readout-head" });
    this.list = make("ul", { class: "readout-runs" });
    host.append(this.head, this.list);
    this.key = "";
    context.focus.addEventListener("change", () => fade(this.list, context.focus.run));
  }

  /** @param {Curve[]} curves @param {string} metric @param {number | null} step null: the newest of each run */
  update(curves, metric, step) {
    const key = JSON.stringify(curves.map(({ run, colour }) => [run.id, run.entry.name, colour, run.index]));
    if (key !== this.key) {
      this.key = key;
      this.list.replaceChildren(...curves.map((curve) => this.#row(curve)));
      fade(this.list, this.context.focus.run);
    }
    put(this.head, step === null ? "newest" : `step ${whole(step)}`);
    curves.forEach(({ line }, i) => {
      const at = step ?? line.steps[line.steps.length - 1];
      const value = /** @type {HTMLElement} */ (this.list.children[i].querySelector("b"));
      put(value, shown(at === undefined ? null : valueAt(line, at), metric));
    });
  }

  /** @param {Curve} curve */
  #row({ run, colour }) {
    const { focus, selectRun } = this.context;
    const button = make("button", { type: "button", title: run.entry.name }, swatch(run, colour), make("span", {}, run.entry.name), make("b", {}, "–"));
    button.addEventListener("click", () => selectRun(run.id));
    for (const [event, id] of Object.entries({ pointerenter: run.id, focus: run.id, pointerleave: null, blur: null })) {
      button.addEventListener(event, () => focus.on(id));
    }
    return make("li", { class: "of-run", "data-run": run.id }, button);
  }
}
