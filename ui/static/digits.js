/** The shown test images over their reconstructions. */

/** @typedef {import("./decode.js").Fixed} Fixed */

const GAP = 3;

export class Digits {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.canvas = /** @type {HTMLCanvasElement} */ (section.querySelector("canvas"));
    this.caption = /** @type {HTMLElement} */ (section.querySelector("[data-testid=probe-mse]"));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    /** All images of a row below one another, at their own size. */
    this.strip = document.createElement("canvas");
    /** @type {{ view: import("./decode.js").View, fixed: Fixed } | null} */
    this.shown = null;
    /** What the canvas holds: inputs stay as they are, only the outputs are drawn anew. */
    this.drawn = this.shown;
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
  }

  /** @param {import("./decode.js").View | null} view @param {Fixed | null} fixed */
  update(view, fixed) {
    this.shown = view && fixed ? { view, fixed } : null;
    const mse = view?.probeMse;
    this.caption.textContent = mse == null ? "input over output" : `MSE ${mse.toFixed(4)} · input over output`;
    const text = mse == null ? "No reconstructions yet" : `Ten test digits over their reconstructions; mean squared error ${mse.toFixed(4)} over 512 test images`;
    if (this.canvas.getAttribute("aria-label") !== text) this.canvas.setAttribute("aria-label", text);
    this.#draw();
  }

  #draw() {
    const { canvas, shown } = this;
    const count = shown?.fixed.shown ?? 10;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    if (!width) return;
    const gap = Math.round(GAP * ratio);
    const cell = (width - (count - 1) * gap) / count;
    const height = Math.round(2 * cell + 2 * gap);
    const drawn = this.#resize(width, height, ratio) ? null : this.drawn;
    this.drawn = shown && { ...shown };
    const place = (/** @type {number} */ i, /** @type {number} */ row) => [i * (cell + gap), row * (cell + 2 * gap), cell, cell];
    if (!shown) return this.#drawEmpty(count, place);
    if (drawn?.fixed !== shown.fixed) this.#drawRow(shown.fixed.inputs, 0, place);
    if (drawn?.view !== shown.view) this.#drawRow(shown.view.reconstructions, 1, place);
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
}
