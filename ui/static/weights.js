/**
 * The weights' sliders and fields are Gradio's; this says what they mean: requested, or held since which step. It also
 * knows whether somebody has them in hand, for then nothing may move them.
 */
import { mark, put, weight, whole } from "./format.js";

const REST = 1000;
/** After so many milliseconds without confirmation a request was refused; the message said why. */
const REFUSED = 4000;

export class Weights {
  /** @param {Record<string, number[]>} scales a slider's value at each position @param {() => void} changed a weight was asked for @param {() => void} released */
  constructor(scales, changed, released) {
    Object.assign(this, { scales, changed, released });
    this.panel = /** @type {HTMLElement} */ (document.querySelector("#weights"));
    this.down = false;
    this.lastTouch = -Infinity;
    this.#more();
    /** @type {Record<string, { value: number, at: number }>} what was asked for and not yet confirmed */
    this.requested = {};
    this.#listen();
  }

  /** A pointer is on a slider, a field is being edited, or either was so a moment ago. */
  get inHand() {
    const typing = document.activeElement instanceof HTMLInputElement && document.activeElement.dataset.edited === "yes";
    return this.down || typing || performance.now() - this.lastTouch < REST;
  }

  /**
   * @param {any} snapshot of the run on show, or null
   * @param {boolean} steerable the run can still be steered
   */
  update(snapshot, steerable) {
    for (const name of Object.keys(this.scales)) {
      const [slider, ack] = [this.#slider(name), document.querySelector(`[data-testid=ack-${name}]`)];
      if (!slider || !ack) continue;
      const asked = this.requested[name];
      const held = steerable ? snapshot?.live[name] : undefined;
      if (asked && (held === undefined || same(asked.value, held) || performance.now() - asked.at > REFUSED)) delete this.requested[name];
      const state = slider.disabled ? "idle" : name in this.requested ? "requested" : held === undefined ? "next" : "held";
      const text = { idle: "", requested: "requested …", next: "for the next run", held: `✓ holds since step ${whole(snapshot?.since[name] ?? 0)}` }[state];
      mark(put(/** @type {HTMLElement} */ (ack), text), "data-state", state);
      this.#sayValue(slider, name);
    }
  }

  /** “more” makes room for the settings that are turned more rarely. */
  #more() {
    const button = /** @type {HTMLElement} */ (this.panel.querySelector(".more"));
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", `${open}`);
      put(button, open ? "less" : "more");
      /** @type {HTMLElement} */ (this.panel.closest("#bench")).dataset.more = open ? "yes" : "";
    });
  }

  /** The fields already say this. @param {Record<string, number>} live */
  shows(live) {
    return Object.keys(this.scales).every((name) => Number(this.#field(name)?.value || NaN) === live[name]);
  }

  /** A request was refused. */
  forget() {
    this.requested = {};
  }

  /** @param {string} name */
  #slider(name) {
    return /** @type {HTMLInputElement | null} */ (document.querySelector(`#${name}-slider input[type=range]`));
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement | null} */ (document.querySelector(`#${name}-number input`));
  }

  /** What a screen reader says of a logarithmic slider. @param {HTMLInputElement} slider @param {string} name */
  #sayValue(slider, name) {
    const field = this.#field(name);
    const text = weight(this.scales[name][Number(slider.value)] ?? 0);
    if (slider.getAttribute("aria-valuetext") === text) return;
    slider.setAttribute("aria-valuetext", text);
    slider.setAttribute("aria-label", name);
    slider.dataset.testid = `slider-${name}`;
    if (field) field.dataset.testid = `number-${name}`;
  }

  #listen() {
    const { panel } = this;
    panel.addEventListener("pointerdown", () => (this.down = true));
    for (const end of ["pointerup", "pointercancel"]) {
      window.addEventListener(end, () => {
        if (this.down) this.#touched();
        this.down = false;
      });
    }
    panel.addEventListener("input", (event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      const name = this.#nameOf(input);
      if (!name) return;
      this.#touched();
      if (input.type === "range") this.#request(name, this.scales[name][Number(input.value)]);
      else input.dataset.edited = "yes";
    });
    panel.addEventListener("focusout", (event) => this.#settled(/** @type {HTMLInputElement} */ (event.target)));
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#settled(/** @type {HTMLInputElement} */ (event.target));
    });
  }

  /** @param {HTMLInputElement} input */
  #settled(input) {
    if (input.dataset?.edited !== "yes") return;
    input.dataset.edited = "";
    const name = this.#nameOf(input);
    if (name && input.value !== "") this.#request(name, Number(input.value));
    this.#touched();
  }

  /** The weight that an input belongs to. @param {HTMLElement} input */
  #nameOf(input) {
    const name = input.closest("[id$=-slider], [id$=-number]")?.id.replace(/-(slider|number)$/, "") ?? "";
    return name in this.scales ? name : undefined;
  }

  /** @param {string} name @param {number} value */
  #request(name, value) {
    this.requested[name] = { value, at: performance.now() };
    this.changed();
  }

  #touched() {
    this.lastTouch = performance.now();
    setTimeout(this.released, REST + 20);
  }
}

/** @param {number} a @param {number} b */
const same = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
