/** What can be done to one run: a menu at its card, with the questions that some of it needs. */
import { make } from "./parts.js";
import { curedName } from "../remedies.js";
import { ask } from "./dialogs.js";
import { plain } from "./settings.js";

/** @typedef {import("./store.js").RunState} RunState */

const ENDED = ["stopped", "lost"];

export class Menu {
  /** @param {any} context */
  constructor(context) {
    this.context = context;
    this.element = context.root.appendChild(make("div", { class: "sheet menu-sheet", popover: "", role: "menu", "data-testid": "card-actions" }));
    this.element.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** @param {RunState} run @param {HTMLElement} button */
  open(run, button) {
    const items = this.#items(run).map(([label, act, testid]) => {
      const item = make("button", { type: "button", role: "menuitem", "data-testid": `do-${testid}` }, label);
      item.addEventListener("click", () => {
        this.element.hidePopover();
        act();
      });
      return item;
    });
    this.element.replaceChildren(...items);
    this.element.showPopover();
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.min(Math.max(at.right - width, 8), innerWidth - width - 8);
    const top = at.bottom + 4 + height < innerHeight ? at.bottom + 4 : Math.max(8, at.top - 4 - height);
    Object.assign(this.element.style, { left: `${left}px`, top: `${top}px` });
    items[0].focus();
  }

  /** @param {RunState} run @returns {[string, () => void, string][]} */
  #items(run) {
    const { entry, id } = run;
    const { context } = this;
    const on = (/** @type {string} */ verb) => () => context.act({ verb, runs: [id] });
    const ended = ENDED.includes(entry.status);
    const live = ["running", "paused"].includes(entry.status);
    /** @type {[string, () => void, string, boolean][]} */
    const all = [
      ["Pause", on("pause"), "pause", entry.status === "running"],
      ["Resume", on("resume"), "resume", entry.status === "paused" || entry.resumable],
      ["One step", on("step"), "step", live],
      ["Reset …", () => this.#reset(run), "reset", live || entry.status === "failed"],
      ["Fork from here …", () => this.#fork(run), "fork", live || entry.resumable],
      ...this.#cures(run, live || entry.resumable),
      ["Take its λ schedule over …", () => this.#replay(run), "replay", true],
      ["Rename and annotate …", () => this.#describe(run), "describe", true],
      [entry.pinned ? "Unpin" : "Pin", () => context.act({ verb: "describe", run: id, pinned: !entry.pinned }), "pin", true],
      ["Open in the Run tab", () => context.selectRun(id), "open", true],
      ["Leave out of the comparison", () => context.drop(id), "drop", true],
      [entry.hidden ? "Show in the list" : "Hide in the list", () => context.act({ verb: "describe", run: id, hidden: !entry.hidden }), "hide", true],
      ["Stop", () => context.stop([id]), "stop", !ended],
      ["Remove …", () => context.remove([id]), "remove", ended],
    ];
    return /** @type {any} */ (all.filter(([, , , offered]) => offered));
  }

  /** A fork that is treated, beside this run. @param {RunState} run @param {boolean} offered @returns {[string, () => void, string, boolean][]} */
  #cures({ id, entry }, offered) {
    const { context } = this;
    return entry.cures.map((/** @type {string} */ name) => {
      const { label, changes } = context.settings.cures[name];
      const fork = async () => context.add(await context.act({ verb: "fork", run: id, changes, name: curedName(entry.name, label) }));
      return [`Fork with cure: ${label}`, fork, `cure-${name}`, offered];
    });
  }

  /** @param {RunState} run */
  async #reset({ id, entry }) {
    const question = { title: `Reset ${entry.name}?`, text: "It begins again with the same seed and the weights as they are now. What it has learned, and its curves, are gone.", yes: "Reset" };
    if (await ask(this.context.dialog, question)) this.context.act({ verb: "reset", runs: [id] });
  }

  /** @param {RunState} run */
  async #fork({ id, entry }) {
    const { context } = this;
    const values = await ask(context.dialog, {
      title: `Fork ${entry.name}`,
      text: "A new run that goes on from this very step with the parent's parameters, optimiser and data order. Unchanged, it trains exactly as the parent does.",
      fields: [{ name: "name", label: "Name", value: "", max: "60" }, ...this.#changeable(entry, ["commit", "codebook", "learning_rate", "batch_size", "seed"])],
      yes: "Fork",
    });
    if (values) context.add(await context.act({ verb: "fork", run: id, ...changesOf(values, entry) }));
  }

  /** @param {RunState} run */
  async #replay({ id, entry }) {
    const { context } = this;
    const values = await ask(context.dialog, {
      title: `Take over the schedule of ${entry.name}`,
      text: "A new run from step 0 whose loss weights change at the same steps as this one's did.",
      fields: [{ name: "name", label: "Name", value: "", max: "60" }, ...this.#changeable(entry, ["levels", "codebook_size", "batch_size", "seed"])],
      yes: "Start",
    });
    if (values) context.add(await context.act({ verb: "replay", run: id, ...changesOf(values, entry) }));
  }

  /** @param {any} entry @param {string[]} names */
  #changeable(entry, names) {
    const { axes } = this.context.settings;
    return names.map((name) => ({ name, label: axes[name].label, value: `${valueOf(entry, name)}`, type: axes[name].sizes ? "text" : "number" }));
  }

  /** @param {RunState} run */
  async #describe({ id, entry }) {
    const fields = [
      { name: "name", label: "Name", value: entry.name, max: "60" },
      { name: "note", label: "A sentence about it", value: entry.note, max: "280" },
    ];
    const values = await ask(this.context.dialog, { title: "Rename and annotate", fields, yes: "Keep" });
    if (values) this.context.act({ verb: "describe", run: id, ...values });
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const items = /** @type {HTMLElement[]} */ ([...this.element.children]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    items[(items.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step + items.length) % items.length].focus();
  }
}

/** @param {any} entry @param {string} name */
const valueOf = (entry, name) => entry.live[name] ?? plain(entry.config[name]);

/** What somebody changed in a dialog's fields. @param {Record<string, string>} values @param {any} entry */
function changesOf({ name, ...values }, entry) {
  const changed = Object.entries(values).filter(([field, value]) => value !== "" && value !== `${valueOf(entry, field)}`);
  return { name, changes: Object.fromEntries(changed.map(([field, value]) => [field, Number.isNaN(Number(value)) ? value : Number(value)])) };
}
