/** The planes of a run, one a level, with the legend and the switch that belong to them. */
import { Axes } from "./axes.js";
import { mark, put } from "./format.js";
import { assignedAt, codebook, scenes } from "./levels.js";
import { pathsOf } from "./life.js";
import { Mosaic, owners } from "./mosaic.js";
import { Moves } from "./moves.js";
import { Overlays } from "./overlays.js";
import { Plane } from "./plane.js";

const LEFT_OVER = ["encoder outputs, z_e", "left over by level 1"];

export class Planes {
  /**
   * @param {HTMLElement} section
   * @param {import("./motion.js").Motion} motion
   * @param {import("./focus.js").Focus} focus
   * @param {import("./palette.js").Palette} colours
   */
  constructor(section, motion, focus, colours) {
    Object.assign(this, { section, motion, focus, colours });
    this.grid = /** @type {HTMLElement} */ (section.querySelector(".planes"));
    /** @type {Plane[]} */
    this.planes = [];
    this.generation = -1;
    this.cumulative = false;
    /** @type {import("./decode.js").View | null} */
    this.view = null;
    /** @type {Uint16Array[]} */
    this.assigned = [];
    this.labels = new Uint8Array(0);
    /** Whether codes are compared by angle. */
    this.angular = false;
    /** @type {import("./life.js").Life | null} */
    this.life = null;
    /** How many of its steps were seen. */
    this.remembered = 0;
    /** Steps of remedies. @type {number[]} */
    this.remedies = [];
    this.moves = new Moves(() => this.redraw());
    this.overlays = new Overlays(section);
    this.overlays.addEventListener("change", () => this.#show());
    focus.addEventListener("change", () => this.redraw());
    for (const radio of section.querySelectorAll("[name=plane-view]")) {
      radio.addEventListener("change", () => this.#choose(/** @type {HTMLInputElement} */ (radio).value === "cumulative"));
    }
    section.querySelector("[data-testid=reset-view]")?.addEventListener("click", () => this.planes.forEach((plane) => plane.camera.reset()));
    this.#legend();
  }

  /** As many planes as the run has levels, empty at first. @param {number} levels */
  prepare(levels) {
    if (this.planes.length === levels) return;
    this.planes.forEach((plane) => plane.close());
    this.grid.replaceChildren();
    this.grid.dataset.levels = `${levels}`;
    this.planes = Array.from({ length: levels }, (_, level) => this.#plane(level));
    this.#title();
  }

  /**
   * @param {import("./decode.js").View} view
   * @param {Uint8Array} labels
   * @param {number} generation
   * @param {number} step
   */
  update(view, labels, generation, step) {
    this.prepare(view.levels);
    // After a reset the points move back to where they began: no empty frame, but axes of their own.
    if (generation !== this.generation) this.planes.forEach((plane) => plane.refit());
    Object.assign(this, { view, labels, generation });
    this.#title();
    this.overlays.allow(view);
    this.assigned = Array.from({ length: view.levels }, (_, level) => assignedAt(view, level));
    this.grid.dataset.step = `${step}`;
    this.#show();
  }

  clear() {
    this.view = this.life = null;
    this.planes.forEach((plane) => plane.clear());
  }

  /** @param {import("./palette.js").Palette} [colours] */
  redraw(colours = this.colours) {
    this.colours = colours;
    const mask = this.view && this.focus.mask(this.labels, this.assigned);
    for (const plane of this.planes) {
      Object.assign(plane, { mask, colours });
      plane.draw();
    }
  }

  #show() {
    if (!this.view) return;
    const mask = this.focus.mask(this.labels, this.assigned);
    scenes(this.view, this.cumulative).forEach((scene, level) => {
      const plane = this.planes[level];
      plane.mask = mask;
      plane.update(scene, this.labels);
      this.#overlay(plane, level);
    });
    this.motion.start();
  }

  /** @param {Plane} plane @param {number} level */
  #overlay(plane, level) {
    const { view, overlays: { on } } = this;
    if (!view) return;
    plane.moves = this.moves;
    this.#path(plane, level);
    plane.mosaic = on.cells || on.joint ? (plane.mosaic ?? new Mosaic()) : null;
    if (!plane.mosaic || !plane.axes.target) return;
    // Sums of codes have cells of the tuples up to their level; residuals, of their level's codes, or of all that follow.
    const from = this.cumulative ? 0 : level;
    const to = this.cumulative || !on.joint ? level : view.levels - 1;
    const codebooks = Array.from({ length: to - from + 1 }, (_, i) => codebook(view, from + i));
    plane.mosaic.aim({ codebooks, from, angular: this.angular, owners: owners(view, this.labels, from, to) }, plane.axes.target);
  }

  /** @param {Plane} plane @param {number} level */
  #path(plane, level) {
    const { view, overlays: { on }, life, remedies } = this;
    plane.paths = on.paths && view && life ? pathsOf(life, view, level, remedies) : null;
  }

  /** What is known of the codes' past: it may come without a new picture. @param {import("./life.js").Life} life @param {import("./history.js").Change[]} changes */
  remember(life, changes) {
    const news = life !== this.life || life.steps.length !== this.remembered;
    Object.assign(this, { life, remembered: life.steps.length, remedies: changes.filter(({ name }) => name === "remedy").map(({ step }) => step) });
    this.planes.forEach((plane, level) => this.#path(plane, level));
    if (news && this.overlays.on.paths) this.redraw();
  }

  /** @param {boolean} cumulative */
  #choose(cumulative) {
    this.cumulative = cumulative;
    this.planes.forEach((plane) => plane.camera.reset());
    this.#title();
    this.#show();
  }

  /** @param {number} level */
  #plane(level) {
    const figure = this.grid.appendChild(document.createElement("figure"));
    figure.className = "panel";
    figure.append(document.createElement("figcaption"), document.createElement("div"));
    const host = /** @type {HTMLElement} */ (figure.lastChild);
    host.className = "plane";
    host.dataset.testid = `plane-${level + 1}`;
    const { motion, focus, colours } = this;
    return new Plane(host, { level, axes: new Axes(), motion, focus, colours });
  }

  #title() {
    this.grid.querySelectorAll("figcaption").forEach((caption, level) => {
      if (!caption.firstChild) caption.append(document.createElement("h2"), document.createElement("small"));
      const [heading, small] = /** @type {HTMLElement[]} */ ([...caption.children]);
      put(heading, `Level ${level + 1}`);
      mark(put(small, this.#caption(level)), "title", small.textContent ?? "");
    });
  }

  /** @param {number} level */
  #caption(level) {
    const sum = ["z_e → q₁", "z_e → q₁ + q₂"][level] ?? `z_e → q₁ + … + q${"₁₂₃₄₅₆₇₈"[level]}`;
    const what = this.cumulative ? sum : (LEFT_OVER[level] ?? `left over by levels 1–${level}`);
    return (this.view?.dims ?? 2) > 2 ? `${what} (projected)` : what;
  }

  #legend() {
    const legend = /** @type {HTMLElement} */ (this.section.querySelector("[data-testid=legend]"));
    for (let digit = 0; digit < 10; digit++) {
      const key = legend.appendChild(document.createElement("button"));
      key.type = "button";
      key.className = "digit";
      key.style.setProperty("--digit", `var(--digit-${digit})`);
      key.textContent = `${digit}`;
      key.setAttribute("aria-label", `single out digit ${digit}`);
      for (const on of ["pointerenter", "focus"]) key.addEventListener(on, () => this.focus.onDigit(digit));
      for (const off of ["pointerleave", "blur"]) key.addEventListener(off, () => this.focus.onDigit(null));
    }
  }
}
