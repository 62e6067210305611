/** The shown test images over their reconstructions; on request those from one level's codes, from two levels', and so on. */

/** @typedef {import("./decode.js").Fixed} Fixed */

/**
 * @typedef {object} Row
 * @property {Uint8ClampedArray} images [S][H][W]
 * @property {string} name
 * @property {string} note
 */

const GAP = 3;
/** Pixels beside the images, for what each row is and for its error. */
const [NAMES, NOTES] = [46, 42];
/** Rows of levels share so many pixels; few are as large as without them. */
const MOST_HEIGHT = 236;

export class Digits {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.canvas = /** @type {HTMLCanvasElement} */ (section.querySelector("canvas"));
    this.caption = /** @type {HTMLElement} */ (section.querySelector("[data-testid=probe-mse]"));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    /** All images of a row below one another, at their own size. */
    this.strip = document.createElement("canvas");
    /** @type {{ rows: Row[], fixed: Fixed, beside: boolean } | null} */
    this.shown = null;
    /** What the canvas holds: inputs stay as they are, only the outputs are drawn anew. */
    this.drawn = this.shown;
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
  }

  /**
   * @param {import("./decode.js").View | null} view @param {Fixed | null} fixed
   * @param {import("./decode.js").Diagnosis | null} [diagnosis] with the images of each level, if they are to be shown
   */
  update(view, fixed, diagnosis = null) {
    const byLevel = diagnosis?.byLevel ?? null;
    this.shown = view && fixed ? { rows: rowsOf(view, fixed, byLevel, diagnosis?.byLevelMse ?? []), fixed, beside: byLevel !== null } : null;
    const mse = view?.probeMse;
    const caption = mse == null ? "input over output" : `MSE ${mse.toFixed(4)}`;
    if (this.caption.textContent !== caption) this.caption.textContent = caption;
    const what = byLevel ? `and what ${byLevel.length + 1} levels make of them, one after another` : "over their reconstructions";
    const text = mse == null ? "No reconstructions yet" : `Ten test digits ${what}; mean squared error ${mse.toFixed(4)} over 512 test images`;
    if (this.canvas.getAttribute("aria-label") !== text) this.canvas.setAttribute("aria-label", text);
    this.#draw();
  }

  /** The page turned light or dark. */
  redraw() {
    this.drawn = null;
    this.#draw();
  }

  #draw() {
    const { canvas, shown } = this;
    const count = shown?.fixed.shown ?? 10;
    const rows = shown?.rows.length ?? 2;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    if (!width) return;
    const gap = Math.round(GAP * ratio);
    const [left, right] = shown?.beside ? [NAMES * ratio, NOTES * ratio] : [0, 0];
    const room = (width - left - right - (count - 1) * gap) / count;
    const cell = shown?.beside ? Math.min(room, (MOST_HEIGHT * ratio) / rows - 2 * gap) : room;
    const height = Math.round(rows * (cell + 2 * gap) - 2 * gap);
    const drawn = this.#resize(width, height, ratio) ? null : this.drawn;
    this.drawn = shown;
    const across = shown?.beside ? (width - left - right - cell) / (count - 1) : cell + gap;
    const place = (/** @type {number} */ i, /** @type {number} */ row) => [left + i * across, row * (cell + 2 * gap), cell, cell];
    if (!shown) return this.#drawEmpty(count, place);
    shown.rows.forEach((row, i) => {
      if (drawn?.rows[i]?.images === row.images && drawn.rows.length === rows) return;
      this.#drawRow(row.images, i, place);
      if (shown.beside) this.#drawWords(row, place(0, i)[1] + cell / 2, { left, right, width, ratio });
    });
  }

  /** True if the canvas is another, and empty, now. @param {number} width @param {number} height @param {number} ratio */
  #resize(width, height, ratio) {
    const { canvas } = this;
    if (canvas.width === width && canvas.height === height) return false;
    Object.assign(canvas, { width, height });
    canvas.style.height = `${height / ratio}px`;
    return true;
  }

  /** @param {number} count @param {(i: number, row: number) => number[]} place */
  #drawEmpty(count, place) {
    this.context.fillStyle = getComputedStyle(this.canvas).getPropertyValue("--bench-grid");
    for (let i = 0; i < 2 * count; i++) {
      const [x, y, width, height] = place(i % count, Math.floor(i / count));
      this.context.clearRect(x, y, width, height);
      this.context.fillRect(x, y, width, height);
    }
  }

  /** @param {Uint8ClampedArray} images @param {number} row @param {(i: number, row: number) => number[]} place */
  #drawRow(images, row, place) {
    const { shown: count, width, height } = /** @type {Fixed} */ (this.shown?.fixed);
    if (this.strip.height !== count * height) Object.assign(this.strip, { width, height: count * height });
    const data = new ImageData(width, count * height);
    const pixels = new Uint32Array(data.data.buffer);
    for (let i = 0; i < images.length; i++) pixels[i] = 0xff000000 | (images[i] * 0x010101);
    /** @type {CanvasRenderingContext2D} */ (this.strip.getContext("2d")).putImageData(data, 0, 0);
    for (let i = 0; i < count; i++) {
      const [x, y, cell] = place(i, row);
      this.context.drawImage(this.strip, 0, i * height, width, height, x, y, cell, cell);
    }
  }

  /** What a row is, and its error. @param {Row} row @param {number} y its middle @param {{ left: number, right: number, width: number, ratio: number }} room */
  #drawWords({ name, note }, y, { left, right, width, ratio }) {
    const { context } = this;
    const style = getComputedStyle(this.canvas);
    context.clearRect(0, y - 8 * ratio, left - ratio, 16 * ratio);
    context.clearRect(width - right + ratio, y - 8 * ratio, right, 16 * ratio);
    context.font = `${11 * ratio}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.fillStyle = style.getPropertyValue("--bench-quiet");
    context.textAlign = "left";
    context.fillText(name, 0, y);
    context.textAlign = "right";
    context.fillText(note, width, y);
  }
}

/** @param {import("./decode.js").View} view @param {Fixed} fixed @param {Uint8ClampedArray[] | null} byLevel @param {number[]} errors @returns {Row[]} */
function rowsOf(view, fixed, byLevel, errors) {
  const made = [...(byLevel ?? []), view.reconstructions];
  const rows = made.map((images, i) => ({ images, name: upTo(i), note: errors[i]?.toFixed(4) ?? "" }));
  return [{ images: fixed.inputs, name: "input", note: byLevel ? "MSE" : "" }, ...rows];
}

/** The levels whose codes are summed. @param {number} last counted from 0 */
export const upTo = (last) => (last === 0 ? "level 1" : last === 1 ? "1 + 2" : `1 to ${last + 1}`);
