/** Steering all compared runs at once: set a weight, or scale each run's own. */
import { help, make } from "./parts.js";
import { acknowledgedByAll, WeightRow } from "./weights.js";

export class Linked {
  /** @param {HTMLElement} sheet @param {any} context */
  constructor(sheet, context) {
    this.context = context;
    const { settings } = context;
    sheet.append(make("header", {}, make("h2", {}, "Steer all runs on show"), help("compare-linked")));
    this.rows = settings.live.map((/** @type {string} */ name) => {
      const send = (/** @type {any} */ command) => context.ask({ ...command, runs: context.ids, name });
      const row = new WeightRow(name, settings.axes[name], settings.scales[name], "linked", async (value) => acknowledgedByAll(await send({ verb: "set", value })));
      const factor = make("input", { type: "number", min: "0", step: "any", value: "2", "aria-label": `Factor for ${settings.axes[name].label}`, "data-testid": `linked-factor-${name}` });
      const scale = make("button", { type: "button", class: "quiet", "data-testid": `linked-scale-${name}` }, "× scale");
      scale.addEventListener("click", async () => {
        row.ack.textContent = "requested …";
        row.ack.textContent = acknowledgedByAll(await send({ verb: "scale", factor: Number(factor.value) }));
      });
      row.row.append(make("span", { class: "scaling" }, factor, scale));
      sheet.append(row.row);
      return row;
    });
    sheet.append(make("p", { class: "hint" }, "The slider sets the same value for all; “scale” multiplies each run's own. Ended runs are left as they are, and said so."));
  }

  /** @param {import("./store.js").RunState[]} runs */
  update(runs) {
    const first = runs.find(({ entry }) => !["stopped", "lost"].includes(entry.status));
    for (const row of this.rows) if (first) row.show(first.entry.live[row.name]);
  }
}
