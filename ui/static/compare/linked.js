/** Steering all compared runs at once: set a weight, or scale each run's own. */
import { help, make } from "./parts.js";
import { Rows } from "./rows.js";
import { acknowledgedByAll } from "./weights.js";

export class Linked {
  /** @param {HTMLElement} sheet @param {any} context */
  constructor(sheet, context) {
    this.context = context;
    sheet.append(make("header", {}, make("h2", {}, "Steer all runs on show"), help("compare-linked")));
    const send = (/** @type {string} */ name, /** @type {any} */ command) => context.ask({ ...command, runs: context.ids, name });
    const set = async (/** @type {string} */ name, /** @type {number} */ value) => acknowledgedByAll(await send(name, { verb: "set", value }));
    this.rows = new Rows(sheet, context.settings, "linked", set, (row) => this.#scaling(row, send));
    sheet.append(make("p", { class: "hint" }, "The slider sets the same value for all; “scale” multiplies each run's own. Ended runs are left as they are, and said so."));
  }

  /** @param {import("./weights.js").WeightRow} row @param {(name: string, command: any) => Promise<any>} send */
  #scaling(row, send) {
    const { name, setting } = row;
    if (setting.whole) return;
    const factor = make("input", { type: "number", min: "0", step: "any", value: "2", "aria-label": `Factor for ${setting.label}`, "data-testid": `linked-factor-${name}` });
    const scale = make("button", { type: "button", class: "quiet", "data-testid": `linked-scale-${name}` }, "× scale");
    scale.addEventListener("click", async () => {
      row.ack.textContent = "requested …";
      row.ack.textContent = acknowledgedByAll(await send(name, { verb: "scale", factor: Number(factor.value) }));
    });
    row.row.append(make("span", { class: "scaling" }, factor, scale));
  }

  /** @param {import("./store.js").RunState[]} runs */
  update(runs) {
    const living = runs.filter(({ entry }) => !["stopped", "lost"].includes(entry.status));
    if (living.length) this.rows.show(living[0], living);
  }
}
