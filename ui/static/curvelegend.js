/** Which curve is which, and which of them show: one button each. Plotly's own legend costs a third of each drawing. */
import { draw } from "./compare/parts.js";
import { mark } from "./format.js";

/** How Plotly's dashes look. @type {Record<string, string>} */
const DASHES = { solid: "none", dot: "1.5 2.5", dash: "5 3", longdash: "8 3", longdashdot: "8 3 2 3" };

export class Legend {
  /** @param {HTMLElement} host @param {() => void} changed a curve was hidden, or shown again */
  constructor(host, changed) {
    Object.assign(this, { host, changed });
    /** @type {Set<string>} */
    this.hidden = new Set();
    this.told = "";
  }

  /** @param {{ name: string, line: { color: string, dash: string, width: number } }[]} traces as Plotly gets them */
  update(traces) {
    const told = JSON.stringify(traces.map(({ name, line }) => [name, line.color]));
    if (told === this.told) return;
    this.told = told;
    this.host.replaceChildren(...traces.map(({ name, line }) => this.#button(name, line)));
  }

  /** @param {string} name @param {{ color: string, dash: string, width: number }} line */
  #button(name, { color, dash, width }) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "hide or show this curve";
    const line = draw("line", { x1: 0, x2: 24, y1: 4, y2: 4, stroke: color, "stroke-width": width, "stroke-dasharray": DASHES[dash] });
    button.append(draw("svg", { width: 24, height: 8, "aria-hidden": "true" }, line), name);
    mark(button, "aria-pressed", `${!this.hidden.has(name)}`);
    button.addEventListener("click", () => {
      if (!this.hidden.delete(name)) this.hidden.add(name);
      mark(button, "aria-pressed", `${!this.hidden.has(name)}`);
      this.changed();
    });
    return button;
  }
}
