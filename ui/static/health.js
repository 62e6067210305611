/** Codebook health: for each level how many codes are in use, how evenly, and a bar a code. */
import { paintBars } from "./bars.js";
import { fixed, mark, percent, put } from "./format.js";
import { deadAt, shares } from "./levels.js";

/** @typedef {import("./decode.js").View} View @typedef {import("./decode.js").Diagnosis} Diagnosis */

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
    /** @type {Diagnosis | null} */
    this.diagnosis = null;
    /** Whether codes are moving averages. */
    this.averages = false;
    focus.addEventListener("change", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.host);
  }

  /** @param {View | null} view @param {Diagnosis | null} diagnosis @param {number} whole batches that a window has at most @param {boolean} averages whether codes are moving averages */
  update(view, diagnosis, whole, averages) {
    Object.assign(this, { view, diagnosis, averages });
    if (this.host.children.length !== (view?.levels ?? 0)) this.#prepare(view?.levels ?? 0);
    put(this.window, view ? windowText(view, whole) : "");
    this.#draw();
  }

  /** @param {import("./palette.js").Palette} colours */
  recolour(colours) {
    this.colours = colours;
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
      const size = this.view?.sizes[level] ?? 1;
      const index = Math.min(Math.floor((event.offsetX / canvas.clientWidth) * size), size - 1);
      this.focus.onCode({ level, index: Math.max(index, 0) });
    });
    canvas.addEventListener("pointerleave", () => this.focus.onCode(null));
    return block;
  }

  #draw() {
    const { view, diagnosis, focus, colours } = this;
    if (!view) return;
    [...this.host.children].forEach((block, level) => {
      const [used, dead, size] = [shares(view, level), deadAt(view, level), view.sizes[level]];
      const motion = diagnosis?.motion.subarray(level * view.size, level * view.size + size);
      const chosen = focus.code?.level === level ? focus.code.index : null;
      const [head, canvas] = /** @type {[HTMLElement, HTMLCanvasElement]} */ ([...block.children]);
      const summary = `Level ${level + 1}: ${view.active[level]}/${size}${view.levels > 3 ? "" : " active"}`;
      const even = `perplexity ${fixed(view.perplexity[level], 1)}`;
      put(/** @type {HTMLElement} */ (head.children[0]), summary);
      const brief = view.levels > 3 ? even.replace("perplexity", "perpl.") : even;
      put(/** @type {HTMLElement} */ (head.children[1]), chosen === null ? brief : this.#words(chosen, used, dead, motion));
      mark(canvas, "aria-label", `${summary}, ${even} of ${size}`);
      paintBars(canvas, used, dead, view.threshold, chosen, colours, motion);
    });
  }

  /** @param {number} code @param {number[]} used @param {boolean[]} dead @param {Float32Array | undefined} motion */
  #words(code, used, dead, motion) {
    const moved = motion ? ` · ${this.averages ? "moves" : "gradient"} ${motion[code].toPrecision(2)}` : "";
    return `code ${code}: ${percent(used[code] ?? 0)}${dead[code] ? ", dead" : ""}${moved}`;
  }
}

/** @param {View} view @param {number} whole */
const windowText = ({ window, threshold }, whole) =>
  `${window < whole ? "first" : "last"} ${window} ${window === 1 ? "batch" : "batches"} · dead below ${Number((100 * threshold).toPrecision(3))}%`;
