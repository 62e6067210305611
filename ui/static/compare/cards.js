/** The runs side by side: one plane each, all on the same axes, moved by one clock. */
import { Axes, extentOf } from "../axes.js";
import { Lens } from "../camera.js";
import { Focus } from "../focus.js";
import { Motion } from "../motion.js";
import { Card } from "./card.js";
import { Menu } from "./menu.js";
import { shortNames } from "./settings.js";

/** @typedef {import("./store.js").RunState} RunState */

/** Cards that have room for their whole names. */
const ROOMY = 4;
/** A run that reaches so many times as far as the median run does not stretch the shared axes. */
const FAR = 4;

/** Bounds for all planes together: they follow what all runs need, not each plane by itself. */
class SharedAxes extends Axes {
  include() {
    return false;
  }

  /** @param {import("../axes.js").Box | null} box */
  fit(box) {
    return super.include(box);
  }
}

export class Cards {
  /** @param {HTMLElement} section @param {any} context */
  constructor(section, context) {
    Object.assign(this, { section, context });
    this.colours = context.colours;
    this.axes = new SharedAxes();
    this.lens = new Lens();
    this.motion = new Motion();
    this.codes = new Focus();
    this.menu = new Menu(context);
    this.level = 0;
    this.cumulative = false;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    context.focus.addEventListener("change", () => this.#fade());
    this.codes.addEventListener("change", () => this.#redraw());
  }

  /** @param {RunState[]} runs those selected @param {Set<string>} seen those of which a new picture came */
  update(runs, seen) {
    const ids = runs.map(({ id }) => id);
    const changed = ids.join() !== [...this.cards.keys()].join();
    if (changed) this.#arrange(runs);
    const short = runs.length > ROOMY ? shortNames(runs).names : [];
    [...this.cards.values()].forEach((card, i) => card.words(short[i]));
    if (changed || seen.size) this.#pictures(changed ? null : seen);
  }

  /** @param {RunState[]} runs */
  #arrange(runs) {
    const kept = new Set(runs.map(({ id }) => id));
    if (![...this.cards.keys()].some((id) => kept.has(id))) this.lens.show(null);
    for (const [id, card] of this.cards) if (!kept.has(id)) card.close();
    this.cards = new Map(runs.map((run) => [run.id, this.cards.get(run.id) ?? new Card(run, this.context, this)]));
    this.section.replaceChildren(...[...this.cards.values()].map(({ element }) => element));
    this.section.dataset.count = `${runs.length}`;
    const columns = runs.length <= 6 ? runs.length : runs.length <= 8 ? 4 : runs.length <= 10 ? 5 : 6;
    this.section.style.setProperty("--columns", `${Math.max(columns, 1)}`);
    this.axes.target = null;
    this.#fade();
  }

  /** @param {Set<string> | null} seen null: all */
  #pictures(seen) {
    const cards = [...this.cards.values()];
    const shown = cards.filter(({ run }) => run.view);
    const extents = shown.map((card) => {
      const scene = card.scene(this.level, this.cumulative);
      return extentOf(scene.points, scene.codes, ...(scene.ends ? [scene.ends] : []));
    });
    const near = within(extents);
    this.axes.fit(around(extents.filter((_, i) => near[i])));
    shown.forEach((card, i) => (card.beyond.hidden = near[i]));
    const size = cards.length <= 4 ? 1 : 0.9;
    for (const card of shown) if (!seen || seen.has(card.run.id)) card.picture(this.level, this.cumulative, size);
    this.motion.start();
  }

  /** @param {number} level @param {boolean} cumulative */
  view(level, cumulative) {
    Object.assign(this, { level, cumulative });
    this.axes.target = null;
    this.lens.show(null);
    this.#pictures(null);
  }

  /** @param {import("../palette.js").Palette} colours */
  recolour(colours) {
    this.colours = colours;
    for (const card of this.cards.values()) {
      card.plane.colours = colours;
      card.words(card.short);
    }
    this.#pictures(null);
  }

  #redraw() {
    for (const card of this.cards.values()) {
      card.plane.mask = card.mask();
      card.plane.draw();
    }
  }

  #fade() {
    const { run } = this.context.focus;
    for (const [id, card] of this.cards) {
      card.element.classList.toggle("focused", id === run);
      card.element.classList.toggle("faded", run !== null && this.cards.has(run) && id !== run);
    }
  }
}

/** Which runs are near enough to the median one to have their say about the axes. @param {(import("../axes.js").Box | null)[]} boxes */
export function within(boxes) {
  const reaches = boxes.map((box) => (box ? Math.max(...box.map(Math.abs)) : 0));
  const middle = [...reaches].sort((a, b) => a - b)[Math.floor((reaches.length - 1) / 2)];
  return reaches.map((reach) => reach <= FAR * Math.max(middle, 1e-9));
}

/** @param {(import("../axes.js").Box | null)[]} boxes @returns {import("../axes.js").Box | null} */
function around(boxes) {
  const known = /** @type {import("../axes.js").Box[]} */ (boxes.filter(Boolean));
  if (!known.length) return null;
  return [Math.min(...known.map((box) => box[0])), Math.min(...known.map((box) => box[1])), Math.max(...known.map((box) => box[2])), Math.max(...known.map((box) => box[3]))];
}
