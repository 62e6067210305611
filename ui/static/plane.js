/**
 * A latent plane: points coloured by digit, codes over them. One canvas, drawn only when something changed.
 *
 * @typedef {import("./levels.js").Scene} Scene
 * @typedef {import("./palette.js").Palette} Palette
 */
import { extentOf, projection } from "./axes.js";
import { Camera, Lens } from "./camera.js";
import { hide, percent, whole } from "./format.js";
import { medians } from "./levels.js";
import { MOST_CELLS } from "./mosaic.js";
import { Tween } from "./motion.js";
import { codeRadius, paintCodes, paintGrid, paintLines, paintNames, paintPoints, paintWords } from "./paint.js";
import { paintTrails } from "./trails.js";

export class Plane {
  /**
   * @param {HTMLElement} host gets the canvas and the tooltip
   * @param {object} options
   * @param {number} options.level counted from 0
   * @param {import("./axes.js").Axes} options.axes its own, or shared with other planes
   * @param {import("./motion.js").Motion} options.motion
   * @param {import("./focus.js").Focus} options.focus
   * @param {Palette} options.colours
   * @param {Lens} [options.lens] shared with other planes
   */
  constructor(host, { level, axes, motion, focus, colours, lens = new Lens() }) {
    Object.assign(this, { host, level, axes, motion, focus, colours });
    this.canvas = host.appendChild(document.createElement("canvas"));
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.tooltip = host.appendChild(document.createElement("span"));
    this.tooltip.className = "tooltip";
    this.tooltip.hidden = true;
    this.tooltip.setAttribute("role", "status");
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    /** Of points and codes, relative. */
    this.scale = 1;
    /** @type {Scene | null} */
    this.scene = null;
    this.labels = new Uint8Array(0);
    /** @type {boolean[] | null} */
    this.mask = null;
    this.points = new Tween();
    this.ends = new Tween();
    this.codes = new Tween();
    this.names = new Tween();
    /** What may lie under and over points and codes. @type {import("./mosaic.js").Mosaic | null} */
    this.mosaic = null;
    /** @type {import("./trails.js").Paths | null} */
    this.paths = null;
    /** @type {import("./moves.js").Moves | null} */
    this.moves = null;
    this.camera = new Camera(this.canvas, () => axes.at(motion.progress), () => this.draw(), lens);
    /** What the plane shows is not yet where it belongs. */
    this.moving = false;
    /** The bounds that were drawn. @type {import("./axes.js").Box | null} */
    this.drawn = null;
    this.drawer = (/** @type {number} */ progress) => this.#follow(progress);
    motion.drawers.add(this.drawer);
    this.resizer = new ResizeObserver(() => this.#resize());
    this.resizer.observe(host);
    this.#listen();
  }

  /** Show something new; the motion's owner starts the motion. @param {Scene} scene @param {Uint8Array} labels */
  update(scene, labels) {
    this.scene = scene;
    this.labels = labels;
    this.points.aim(scene.points);
    this.codes.aim(scene.codes);
    this.names.aim(medians(scene.points, labels));
    this.ends.aim(scene.ends ?? new Float32Array(0));
    this.axes.include(extentOf(scene.points, scene.codes, ...(scene.ends ? [scene.ends] : [])));
    this.moving = true;
    this.#describe(scene);
  }

  /** Choose the axes anew with the next scene, as after a reset. */
  refit() {
    this.axes.target = null;
  }

  /** Forget what was shown. */
  clear() {
    this.scene = null;
    this.refit();
    this.camera.reset();
  }

  close() {
    this.motion.drawers.delete(this.drawer);
    this.camera.close();
    this.resizer.disconnect();
    this.host.replaceChildren();
  }

  /** Of planes that share a clock, only those with news draw; and all, while their bounds move. @param {number} progress */
  #follow(progress) {
    if (this.moving || !this.camera.box.every((bound, i) => bound === this.drawn?.[i])) this.draw();
    if (progress >= 1) this.moving = false;
  }

  draw() {
    const { context, colours, scene, labels, mask, focus } = this;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const ratio = this.canvas.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.drawn = this.camera.box;
    const at = projection(this.drawn, width, height);
    paintGrid(context, at, colours, width, height);
    if (!scene) return;
    const { progress } = this.motion;
    isolated(context, () => this.mosaic?.paint(context, at, progress, colours, focus.code));
    const [points, ends, codes, names] = [this.points, this.ends, this.codes, this.names].map((tween) => tween.at(progress));
    const size = Math.min(1, Math.max(0.6, Math.min(width, height) / 320)) * this.scale;
    const codeSize = size * Math.min(1, Math.max(0.55, (64 / scene.dead.length) ** 0.2));
    if (ends.length) paintLines(context, at, points, ends, labels, mask, colours);
    paintPoints(context, at, points, labels, mask, colours, 2.6 * size);
    const chosen = focus.code?.level === this.level ? focus.code.index : null;
    if (codes.length) isolated(context, () => this.paths && paintTrails(context, at, this.paths, codes, scene.dead, chosen, colours));
    if (codes.length) paintCodes(context, at, codes, scene.shares, scene.dead, chosen, colours, codeSize);
    if (codes.length) isolated(context, () => this.moves?.paint(context, at, this.level, colours));
    if (focus.digit !== null || !focus.code) paintNames(context, at, names, focus.digit, colours);
    if (this.mosaic?.tooMany) paintWords(context, `more than ${whole(MOST_CELLS)} cells: too many to be drawn`, width, height, colours);
    this.#placeTooltip(at, chosen);
  }

  #resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(this.host.clientWidth * ratio);
    this.canvas.height = Math.round(this.host.clientHeight * ratio);
    this.draw();
  }

  /** @param {Scene} scene */
  #describe(scene) {
    const active = scene.dead.filter((dead) => !dead).length;
    const what = scene.ends ? "encoder outputs joined to the sum of their codes" : this.level ? "residuals" : "encoder outputs";
    const codes = scene.codes.length ? `, ${active} of ${scene.dead.length} codes active` : "";
    this.canvas.setAttribute("aria-label", `Level ${this.level + 1}: ${what} of ${this.labels.length} test images${codes}`);
    this.canvas.setAttribute("aria-roledescription", "latent plane; arrow keys move, plus and minus zoom, n and p walk through the codes");
    this.host.dataset.points = digest(scene.points);
    this.host.dataset.codes = digest(scene.codes);
    this.host.dataset.count = `${this.labels.length}`;
  }

  #listen() {
    const { canvas, focus } = this;
    canvas.addEventListener("pointermove", (event) => this.#pointAt(event));
    canvas.addEventListener("pointerup", (event) => this.#pointAt(event));
    canvas.addEventListener("pointerleave", () => focus.onCode(null));
    canvas.addEventListener("blur", () => focus.onCode(null));
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.camera.press(event.key) || this.#walk(event.key)) event.preventDefault();
    });
  }

  /** @param {PointerEvent} event */
  #pointAt(event) {
    if (!this.scene || event.buttons) return;
    const at = projection(this.camera.box, this.canvas.clientWidth, this.canvas.clientHeight);
    const { dead, shares } = this.scene;
    const codes = this.codes.now;
    let best = { index: -1, gap: 6 };
    for (let i = 0; i < dead.length && codes.length; i++) {
      const far = Math.hypot(at.x(codes[2 * i]) - event.offsetX, at.y(codes[2 * i + 1]) - event.offsetY);
      const gap = far - codeRadius(shares[i], dead[i], 1);
      if (gap < best.gap) best = { index: i, gap };
    }
    this.focus.onCode(best.index < 0 ? null : { level: this.level, index: best.index });
  }

  /** To the next or previous code, from the keyboard. @param {string} key */
  #walk(key) {
    if (key === "Escape") this.focus.onCode(null);
    const step = { n: 1, p: -1 }[key];
    if (!step || !this.scene?.codes.length) return false;
    const size = this.scene.dead.length;
    const from = this.focus.code?.level === this.level ? this.focus.code.index : step > 0 ? -1 : 0;
    this.focus.onCode({ level: this.level, index: (from + step + size) % size });
    return true;
  }

  /** @param {ReturnType<typeof projection>} at @param {number | null} chosen */
  #placeTooltip(at, chosen) {
    const { scene, tooltip } = this;
    hide(tooltip, chosen === null || !scene?.codes.length);
    if (tooltip.hidden || !scene || chosen === null) return;
    const share = scene.shares[chosen];
    const narrow = this.canvas.clientWidth < 270;
    const state = scene.dead[chosen] ? (narrow ? "dead" : `under ${percent(scene.threshold)}: dead`) : narrow ? "" : "active";
    tooltip.textContent = [`code ${chosen}`, `${percent(share)}${narrow ? "" : " of the choices"}`, state].filter(Boolean).join(" · ");
    const x = Math.min(Math.max(at.x(this.codes.now[2 * chosen]), 80), this.canvas.clientWidth - 80);
    const y = at.y(this.codes.now[2 * chosen + 1]);
    tooltip.style.transform = `translate(-50%, ${y < 48 ? "22px" : "calc(-100% - 22px)"})`;
    Object.assign(tooltip.style, { left: `${x}px`, top: `${y}px` });
  }
}

/** Painting whose pen leaves no trace on what is painted next. @param {CanvasRenderingContext2D} context @param {() => void} paint */
function isolated(context, paint) {
  context.save();
  paint();
  context.restore();
}

/** A short text that changes when the numbers do. @param {Float32Array} values */
function digest(values) {
  let hash = 0;
  for (const bits of new Int32Array(values.buffer, values.byteOffset, values.length)) hash = (Math.imul(hash, 31) + bits) | 0;
  return (hash >>> 0).toString(16);
}
