/** The switches for what may be drawn into the planes besides points and codes, each off with a reason where it would not be true. */
import { put } from "./format.js";

/** @typedef {"cells" | "joint" | "paths"} Overlay */

const NAMES = /** @type {Overlay[]} */ (["cells", "joint", "paths"]);

export class Overlays extends EventTarget {
  /** @param {HTMLElement} section */
  constructor(section) {
    super();
    this.on = { cells: false, joint: false, paths: false };
    /** What the planes are, where that does not go without saying. */
    this.projection = "";
    /** @type {Record<Overlay, string>} */
    this.reasons = { cells: "", joint: "", paths: "" };
    const box = (/** @type {Overlay} */ name) => /** @type {HTMLInputElement} */ (section.querySelector(`[name=overlay][value=${name}]`));
    this.boxes = { cells: box("cells"), joint: box("joint"), paths: box("paths") };
    this.why = /** @type {HTMLElement} */ (section.querySelector("[data-testid=overlay-why]"));
    for (const name of NAMES) this.boxes[name].addEventListener("change", () => this.#turn(name));
  }

  /** Cells are those of each level or of all together, not both. @param {Overlay} name */
  #turn(name) {
    const { boxes } = this;
    if (boxes[name].checked && name === "cells") boxes.joint.checked = false;
    if (boxes[name].checked && name === "joint") boxes.cells.checked = false;
    this.#settle();
  }

  /** What this run does not allow. @param {import("./decode.js").View} view */
  allow({ dims, explained, sizes }) {
    const flat = dims === 2 ? "" : `Cells have ${dims} dimensions here: their borders do not lie in the plane.`;
    this.projection = dims === 2 ? "" : `The planes show the first two principal components of z_e, ${Math.round(100 * (explained ?? 0))}% of the variance of its ${dims} dimensions.`;
    const codes = sizes.reduce((sum, size) => sum + size, 0);
    this.reasons = {
      cells: flat,
      joint: flat || (sizes.length > 1 ? "" : "With one level the joint cells are those of its codes."),
      paths: codes > MOST_PATHS ? `${codes.toLocaleString("en")} codes are too many paths to tell apart: at most ${MOST_PATHS}.` : "",
    };
    for (const name of NAMES) {
      this.boxes[name].disabled = this.reasons[name] !== "";
      /** @type {HTMLElement} */ (this.boxes[name].parentElement).title = this.reasons[name] || TITLES[name];
    }
    this.#settle();
  }

  #settle() {
    const { boxes, reasons, on } = this;
    const before = JSON.stringify(on);
    for (const name of NAMES) on[name] = boxes[name].checked && !reasons[name];
    const unmet = NAMES.map((name) => (boxes[name].checked ? reasons[name] : ""));
    put(this.why, [...new Set([this.projection, ...unmet])].filter(Boolean).join(" ")).hidden = !this.why.textContent;
    if (JSON.stringify(on) !== before) this.dispatchEvent(new Event("change"));
  }
}

/** As the server has it (ui/diagnosing.py). */
const MOST_PATHS = 512;

const TITLES = {
  cells: "which places get which code, tinted with the digit that most of their images show",
  joint: "which places get which tuple of codes, one of each level",
  paths: "where each code has been since the run began",
};
