/** Codebook health: for each level how many codes are in use, how evenly, and a bar a code. */
import { paintBars } from "./bars.js";
import { fixed, percent, put } from "./format.js";
import { shares } from "./levels.js";

/** @typedef {import("./decode.js").View} View */

export class Health {
  /**
   * @param {HTMLElement} section
   * @param {import("./focus.js").Focus} focus
   * @param {import("./palette.js").Palette} colours
   */
  constructor(section, focus, colours) {
    Object.assign(this, { section, focus, colours });
    this.host = /** @type {HTMLElement} */ (section.querySelector(".bars"));
    this.window = /** @type {HTMLElement} */ (section.querySelector("[data-testid=health-window]"));
    /** @type {View | null} */
    this.view = null;
    focus.addEventListener("change", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.host);
  }

  /** @param {View | null} view @param {import("./palette.js").Palette} [colours] */
  update(view, colours = this.colours) {
    Object.assign(this, { view, colours });
    if (this.host.children.length !== (view?.levels ?? 0)) this.#prepare(view?.levels ?? 0);
    put(this.window, view ? windowText(view) : "");
    this.#draw();
  }

  /** @param {number} levels */
  #prepare(levels) {
    this.host.replaceChildren(...Array.from({ length: levels }, (_, level) => this.#level(level)));
    this.host.dataset.levels = `${levels}`;
  }

  /** @param {number} level */
  #level(level) {
    const block = document.createElement("div");
    const head = block.appendChild(document.createElement("p"));
    head.dataset.testid = `health-${level + 1}`;
    head.append(document.createElement("span"), document.createElement("small"));
    const canvas = block.appendChild(document.createElement("canvas"));
    canvas.setAttribute("role", "img");
    canvas.addEventListener("pointermove", (event) => {
      const size = this.view?.size ?? 1;
      const index = Math.min(Math.floor((event.offsetX / canvas.clientWidth) * size), size - 1);
      this.focus.onCode({ level, index: Math.max(index, 0) });
    });
    canvas.addEventListener("pointerleave", () => this.focus.onCode(null));
    return block;
  }

  #draw() {
    const { view, focus, colours } = this;
    if (!view) return;
    [...this.host.children].forEach((block, level) => {
      const used = shares(view, level);
      const chosen = focus.code?.level === level ? focus.code.index : null;
      const [head, canvas] = /** @type {[HTMLElement, HTMLCanvasElement]} */ ([...block.children]);
      const summary = `Level ${level + 1}: ${view.active[level]}/${view.size} active`;
      const detail = chosen === null
        ? `perplexity ${fixed(view.perplexity[level], 1)}`
        : `code ${chosen}: ${percent(used[chosen] ?? 0)}, ${view.dead[level * view.size + chosen] ? "dead" : "active"}`;
      [summary, detail].forEach((text, i) => put(/** @type {HTMLElement} */ (head.children[i]), text));
      canvas.setAttribute("aria-label", `${summary}, perplexity ${fixed(view.perplexity[level], 1)} of ${view.size}`);
      paintBars(canvas, used, view.dead.slice(level * view.size, (level + 1) * view.size), view.threshold, chosen, colours);
    });
  }
}

/** @param {View} view */
const windowText = (view) =>
  `${view.window < 100 ? `first ${view.window}` : "last 100"} batches · dead below ${Number((100 * view.threshold).toPrecision(3))}%`;
