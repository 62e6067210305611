/** The pointer over the curves: the step under it, the run nearest to it, and the marker that it is on. */
import { whole } from "../format.js";
import { valueAt } from "./smoothing.js";
import { hideTip, showTip } from "./tip.js";
import { make } from "./parts.js";

/** @typedef {import("./traces.js").Curve} Curve */

/** Pixels within which a curve, or a marker, is meant. */
const NEAR = 22;
const ON = 9;

export class Pointer {
  /** @param {HTMLElement} chart drawn by Plotly @param {any} focus @param {(step: number | null) => void} moved */
  constructor(chart, focus, moved) {
    Object.assign(this, { chart, focus, moved });
    /** @type {Curve[]} */
    this.curves = [];
    /** @type {number | null} */
    this.step = null;
    this.line = make("i", { class: "cursor", hidden: "" });
    chart.addEventListener("pointermove", (event) => this.#move(event));
    chart.addEventListener("pointerleave", () => this.#leave());
    focus.addEventListener("change", () => this.#fade(focus.run));
  }

  /** What was drawn. @param {Curve[]} curves @param {string | null} run that stands out */
  take(curves, run) {
    this.curves = curves;
    if (!this.line.isConnected) this.chart.append(this.line);
    this.#fade(run);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const box = this.chart.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const place = this.#place();
    if (!place || x < place.left || x > place.right) return this.#leave();
    this.step = Math.max(0, Math.round(place.stepAt(x)));
    Object.assign(this.line.style, { left: `${x}px`, top: `${place.top}px`, height: `${place.bottom - place.top}px` });
    this.line.hidden = false;
    const mark = this.#nearestMark(place, x, y);
    if (mark) showTip([mark.curve.run.entry.name, mark.text], event.clientX, event.clientY, mark.curve.colour);
    else hideTip();
    this.focus.on(mark?.curve.run.id ?? this.#nearest(place, y));
    this.moved(this.step);
  }

  #leave() {
    if (this.step === null) return;
    this.step = null;
    this.line.hidden = true;
    hideTip();
    this.focus.on(null);
    this.moved(null);
  }

  /** From pixels to steps, and from values to pixels: what Plotly shows now. */
  #place() {
    const { layout } = /** @type {any} */ (this.chart);
    const [x, y] = [layout?.xaxis?.range, layout?.yaxis?.range];
    if (!x || !y) return null;
    const { l, r, t, b } = layout.margin;
    const [width, height] = [layout.width - l - r, layout.height - t - b];
    const at = layout.yaxis.type === "log" ? Math.log10 : Number;
    return {
      left: l, right: l + width, top: t, bottom: t + height,
      stepAt: (/** @type {number} */ pixel) => Number(x[0]) + ((pixel - l) / width) * (x[1] - x[0]),
      stepTo: (/** @type {number} */ step) => l + ((step - x[0]) / (x[1] - x[0])) * width,
      valueTo: (/** @type {number} */ value) => t + ((y[1] - at(value)) / (y[1] - y[0])) * height,
    };
  }

  /** @param {NonNullable<ReturnType<Pointer["#place"]>>} place @param {number} y */
  #nearest(place, y) {
    let [found, least] = [null, NEAR];
    for (const { run, line } of this.curves) {
      const value = valueAt(line, this.step ?? 0);
      const apart = value === undefined ? Infinity : Math.abs(place.valueTo(value) - y);
      if (apart < least) [found, least] = [/** @type {any} */ (run.id), apart];
    }
    return found;
  }

  /** @param {NonNullable<ReturnType<Pointer["#place"]>>} place @param {number} x @param {number} y */
  #nearestMark(place, x, y) {
    for (const curve of this.curves) {
      for (const { step, value, text } of curve.marks) {
        if (Math.hypot(place.stepTo(step) - x, place.valueTo(value) - y) <= ON) return { curve, text };
      }
    }
    return null;
  }

  /** @param {string | null} run */
  #fade(run) {
    for (const curve of this.curves) {
      for (const kind of ["past", "raw", "line", "marks"]) {
        for (const part of this.chart.querySelectorAll(`.trace${kind}-${curve.run.index}`)) {
          part.classList.toggle("faded", run !== null && curve.run.id !== run);
        }
      }
    }
  }
}
