/** Sliders of the live settings: of one run, or of all at once. Logarithmic, leftmost exactly 0; each change is acknowledged. */
import { put, weight, whole } from "../format.js";
import { make } from "./parts.js";

const REST = 1500;

/** The position of the nearest value on a scale, by ratio; that of 0 for 0 only. @param {number[]} scale @param {number} value */
function positionOf(scale, value) {
  if (value <= 0) return 0;
  const first = scale[0] > 0 ? 0 : 1;
  let best = first;
  for (let i = first; i < scale.length; i++) {
    if (Math.abs(Math.log(scale[i] / value)) < Math.abs(Math.log(scale[best] / value))) best = i;
  }
  return best;
}

/** One row: name, slider, field, acknowledgement. */
export class WeightRow {
  /**
   * @param {string} name @param {any} setting @param {number[]} scale @param {string} prefix of the test ids
   * @param {(value: number) => Promise<string>} send resolves to the acknowledgement
   */
  constructor(name, setting, scale, prefix, send) {
    Object.assign(this, { name, setting, scale, send });
    this.touched = -Infinity;
    this.slider = make("input", { type: "range", min: "0", max: `${scale.length - 1}`, step: "1", "aria-label": setting.label, "data-testid": `${prefix}-${name}` });
    this.field = make("input", { type: "number", step: "any", min: "0", "aria-label": `${setting.label}, number`, "data-testid": `${prefix}-number-${name}` });
    this.ack = make("small", { role: "status", "data-testid": `${prefix}-ack-${name}` });
    this.row = make("div", { class: "weight-row" }, make("b", { title: setting.help }, setting.label), this.slider, this.field, this.ack);
    this.slider.addEventListener("input", () => {
      this.field.value = `${scale[Number(this.slider.value)]}`;
      this.#ask(scale[Number(this.slider.value)]);
    });
    this.field.addEventListener("change", () => this.field.value !== "" && this.#ask(Number(this.field.value)));
  }

  get inHand() {
    return document.activeElement === this.field || performance.now() - this.touched < REST;
  }

  /** It has no effect, and cannot be moved; "" if it has. @param {string} why */
  idle(why) {
    for (const input of [this.slider, this.field]) input.disabled = Boolean(why);
    this.row.dataset.idle = why ? "yes" : "";
    if (why || this.ack.dataset.state === "idle") {
      put(this.ack, why);
      this.ack.dataset.state = why ? "idle" : "";
    }
  }

  /** Show what holds. @param {number} value */
  show(value) {
    if (this.inHand) return;
    this.#place(value);
    if (this.field.value !== `${value}`) this.field.value = `${value}`;
  }

  /** @param {number} value */
  #place(value) {
    const position = positionOf(this.scale, value);
    if (this.slider.value !== `${position}`) this.slider.value = `${position}`;
    this.slider.setAttribute("aria-valuetext", weight(value));
    this.slider.style.setProperty("--range_progress", `${(100 * position) / (this.scale.length - 1)}%`);
  }

  /** One request at a time; the newest value last. @param {number} value */
  async #ask(value) {
    this.touched = performance.now();
    this.#place(value);
    this.wanted = value;
    this.ack.textContent = "requested …";
    this.ack.dataset.state = "requested";
    if (this.asking) return;
    this.asking = true;
    let said = "";
    while (this.wanted !== undefined) {
      const next = this.wanted;
      this.wanted = undefined;
      said = await this.send(next);
    }
    this.asking = false;
    this.ack.textContent = said;
    this.ack.dataset.state = said.startsWith("✓") ? "held" : "refused";
  }
}

/** "✓ holds since step 812", or what went wrong. @param {any} answer @param {string} id */
export function acknowledged(answer, id) {
  const applied = answer.applied?.[id];
  return applied ? `✓ holds since step ${whole(applied.step)}` : (answer.error ?? answer.errors?.[id] ?? "no answer");
}

/** The same of many runs. @param {any} answer */
export function acknowledgedByAll(answer) {
  if (answer.error) return answer.error;
  const steps = Object.values(answer.applied ?? {}).map(({ step }) => step);
  const refused = Object.values(answer.errors ?? {});
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const when = steps.length ? `✓ ${steps.length} runs, since step ${first === last ? whole(first) : `${whole(first)} to ${whole(last)}`}` : "";
  return [when, ...refused].filter(Boolean).join("; ");
}
