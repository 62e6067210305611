/** The shown test images over their reconstructions. */

/** @typedef {import("./decode.js").Fixed} Fixed */

const GAP = 3;

export class Digits {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.canvas = /** @type {HTMLCanvasElement} */ (section.querySelector("canvas"));
    this.caption = /** @type {HTMLElement} */ (section.querySelector("[data-testid=probe-mse]"));
    this.strip = document.createElement("canvas");
    /** @type {{ view: import("./decode.js").View, fixed: Fixed } | null} */
    this.shown = null;
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
  }

  /** @param {import("./decode.js").View | null} view @param {Fixed | null} fixed */
  update(view, fixed) {
    this.shown = view && fixed ? { view, fixed } : null;
    const mse = view?.probeMse;
    this.caption.textContent = mse == null ? "input over output" : `MSE ${mse.toFixed(4)} · input over output`;
    const text = mse == null ? "No reconstructions yet" : `Ten test digits over their reconstructions; mean squared error ${mse.toFixed(4)} over 512 test images`;
    this.canvas.setAttribute("aria-label", text);
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
    canvas.width = width;
    canvas.height = Math.round(2 * cell + 2 * gap);
    canvas.style.height = `${canvas.height / ratio}px`;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    if (!shown) {
      context.fillStyle = getComputedStyle(canvas).getPropertyValue("--bench-grid");
      for (let i = 0; i < 2 * count; i++) context.fillRect((i % count) * (cell + gap), Math.floor(i / count) * (cell + 2 * gap), cell, cell);
      return;
    }
    [shown.fixed.inputs, shown.view.reconstructions].forEach((images, row) => {
      this.#fillStrip(images, shown.fixed);
      for (let i = 0; i < count; i++) {
        const { width: w, height: h } = shown.fixed;
        context.drawImage(this.strip, 0, i * h, w, h, i * (cell + gap), row * (cell + 2 * gap), cell, cell);
      }
    });
  }

  /** All images below one another, at their own size. @param {Uint8ClampedArray} images @param {Fixed} fixed */
  #fillStrip(images, { shown, width, height }) {
    this.strip.width = width;
    this.strip.height = height * shown;
    const data = new ImageData(width, height * shown);
    for (let i = 0; i < images.length; i++) data.data.set([images[i], images[i], images[i], 255], 4 * i);
    /** @type {CanvasRenderingContext2D} */ (this.strip.getContext("2d")).putImageData(data, 0, 0);
  }
}
