/** Presets: comparisons that teach, as cards that start them, and what to look for while their runs are on show. */
import { whole } from "../format.js";
import { glyph } from "./glyphs.js";
import { make } from "./parts.js";

/** @typedef {{ preset: string, title: string, text: string, steps: number, runs: number, apart: string }} Preset */

/** Rows and columns are as the page breaks them. @type {Record<string, (cards: HTMLElement[], at: number) => number>} */
const MOVES = {
  ArrowRight: (cards, at) => Math.min(at + 1, cards.length - 1),
  ArrowLeft: (_, at) => Math.max(at - 1, 0),
  ArrowDown: (cards, at) => Math.min(at + columns(cards), cards.length - 1),
  ArrowUp: (cards, at) => Math.max(at - columns(cards), 0),
  Home: () => 0,
  End: (cards) => cards.length - 1,
};

/** @param {HTMLElement[]} cards */
const columns = (cards) => cards.filter((card) => card.offsetTop === cards[0].offsetTop).length;

export class Gallery {
  /** @param {HTMLElement} host a sheet, or a place in the page @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    this.cards = context.settings.presets.map((/** @type {Preset} */ preset) => this.#card(preset));
    const list = make("div", { class: "presets", role: "group", "aria-label": "Presets" }, ...this.cards);
    if (host.hasAttribute("popover")) host.append(make("header", {}, make("h2", {}, "Presets"), make("small", {}, "One click starts the runs, side by side and in step.")));
    host.append(list);
    list.addEventListener("keydown", (event) => this.#move(event));
  }

  /** @param {boolean} ready */
  enable(ready) {
    for (const card of this.cards) card.disabled = !ready || this.starting === true;
  }

  /** @param {Preset} preset */
  #card(preset) {
    const card = make(
      "button", { type: "button", class: "preset", "data-testid": `preset-${preset.preset}` },
      glyph(preset.preset), make("strong", {}, preset.title), make("span", { class: "apart" }, preset.apart),
      make("small", {}, `${preset.runs} runs · ${whole(preset.steps)} steps`),
    );
    card.title = preset.text;
    card.addEventListener("click", () => this.#start(preset));
    return card;
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const at = this.cards.indexOf(/** @type {any} */ (document.activeElement));
    const move = MOVES[event.key];
    if (!move || at < 0) return;
    event.preventDefault();
    this.cards[move(this.cards, at)].focus();
  }

  /** @param {Preset} preset */
  async #start(preset) {
    if (this.starting) return;
    this.starting = true;
    this.enable(false);
    const told = await this.context.act({ verb: "preset", preset: preset.preset, dataset: this.context.settings.dataset });
    this.starting = false;
    this.enable(true);
    if (told.error) return;
    if (this.host.matches(":popover-open")) this.host.hidePopover();
    this.context.select(told.runs.slice(0, this.context.settings.most_runs));
  }
}

/** What to look for in the runs on show. */
export class PresetNotes {
  /** @param {HTMLElement} host @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    /** @type {Set<string>} closed by hand: comparisons */
    this.closed = new Set();
  }

  /** @param {import("./store.js").RunState[]} runs */
  update(runs) {
    this.runs = runs;
    const shown = new Set(runs.map(({ entry }) => entry.comparison));
    const known = new Set(this.context.settings.presets.map((/** @type {Preset} */ one) => one.preset));
    const open = this.context.store.comparisons.filter((/** @type {any} */ one) => known.has(one.preset) && shown.has(one.id) && !this.closed.has(one.id));
    const key = open.map((/** @type {any} */ one) => one.id).join();
    if (key === this.drawn) return;
    this.drawn = key;
    this.host.hidden = !open.length;
    this.host.replaceChildren(...open.map((/** @type {any} */ one) => this.#note(one)));
  }

  /** @param {{ id: string, preset: string }} comparison */
  #note({ id, preset: name }) {
    const preset = this.context.settings.presets.find((/** @type {Preset} */ one) => one.preset === name);
    const close = make("button", { type: "button", class: "quiet", "aria-label": `Close: ${preset.title}` }, "×");
    close.addEventListener("click", () => {
      this.closed.add(id);
      this.update(this.runs);
    });
    return make(
      "article", { class: "preset-note panel", "data-testid": "preset-note" },
      glyph(name), make("div", {}, make("strong", {}, preset.title), make("p", {}, preset.text)), close,
    );
  }
}
