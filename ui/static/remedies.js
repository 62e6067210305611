/** What can be done about dead codes: a remedy that acts once, and a fork that is treated while this run is not. */
import { openComparison } from "./compare/address.js";
import { hide, mark, put, whole } from "./format.js";

/**
 * @typedef {import("./decode.js").View} View
 * @typedef {{ label: string, help: string, changes: Record<string, any> }} Cure
 */

/** Milliseconds for which an acknowledgement stands. */
const ACKNOWLEDGED = 12_000;
/** A step so many after the one that a remedy was to act before knows whether it did. */
const LATE = 3;
const ACTS_FROM = ["running", "paused"];

/** What a treated fork is called. @param {string} name of its parent @param {string} label of the cure */
export const curedName = (name, label) => `${name.slice(0, 56 - label.length)} + ${label}`;

export class Remedies {
  /**
   * @param {HTMLElement} host @param {any} props `remedies` and `cures`, by name
   * @param {(command: any) => Promise<any>} act asks the server, and says what went wrong
   */
  constructor(host, { remedies, cures }, act) {
    Object.assign(this, { host, remedies, cures, act });
    this.count = Object.assign(document.createElement("span"), { className: "dead-count" });
    this.count.dataset.testid = "dead-count";
    this.count.setAttribute("role", "status");
    /** @type {Record<string, HTMLButtonElement>} */
    this.buttons = Object.fromEntries(Object.entries(remedies).map(([name, remedy]) => [name, this.#button(name, remedy)]));
    this.menu = this.#cureMenu();
    host.replaceChildren(this.count, ...Object.values(this.buttons), ...this.menu);
    /** @type {{ run: string, name: string, step: number, at: number } | null} what acts before a step that is yet to come */
    this.asked = null;
  }

  /** @param {string} name @param {{ label: string, help: string }} remedy */
  #button(name, { label, help }) {
    const button = buttonOf(label, `cure-${name}`);
    button.dataset.help = help;
    button.addEventListener("click", () => this.#cure(name));
    return button;
  }

  #cureMenu() {
    const list = Object.assign(document.createElement("div"), { id: "cure-menu", className: "help-text cure-menu", popover: "auto" });
    list.dataset.testid = "cure-menu";
    this.choices = Object.fromEntries(Object.entries(this.cures).map(([name, cure]) => [name, this.#choice(name, cure, list)]));
    const hint = document.createElement("p");
    put(hint, "The fork goes on from this very step with a cure, beside this run without one; Compare shows both.");
    list.append(hint, ...Object.values(this.choices));
    const open = buttonOf("Fork with cure …", "fork-with-cure");
    open.setAttribute("popovertarget", list.id);
    return [open, list];
  }

  /** @param {string} name @param {Cure} cure @param {HTMLElement} list */
  #choice(name, { label, help, changes }, list) {
    const choice = buttonOf("", `fork-${name}`);
    const [head, text] = ["b", "small"].map((tag) => document.createElement(tag));
    choice.append(put(head, label), put(text, help));
    choice.addEventListener("click", async () => {
      list.hidePopover();
      const { id, name: parent } = this.run;
      const told = await this.act({ verb: "fork", run: id, changes, name: curedName(parent, label) });
      if (told.run) openComparison([id, told.run]);
    });
    return choice;
  }

  /** @param {string} name */
  async #cure(name) {
    const { id } = this.run;
    const told = await this.act({ verb: "cure", runs: [id], remedy: name });
    const applied = told.applied?.[id];
    if (applied) this.asked = { run: id, name, step: applied.step, at: performance.now() };
    this.update(this.run, this.snapshot, this.view, this.history);
  }

  /**
   * @param {any} run an entry of the list, or undefined @param {any} snapshot @param {View | null} view
   * @param {import("./history.js").History} history
   */
  update(run, snapshot, view, history) {
    Object.assign(this, { run, snapshot, view, history });
    const dead = view ? view.dead.filter(Boolean).length : 0;
    const acts = run && ACTS_FROM.includes(run.status);
    const idle = !acts ? "A run that trains or is paused can be treated" : !view || !view.window ? "No batch yet" : dead ? "" : "No code is dead";
    for (const [name, button] of Object.entries(this.buttons)) {
      const { by_window: byWindow } = this.remedies[name];
      hide(button, run ? !run.remedies.includes(name) : !byWindow);
      const why = !byWindow && acts && view?.window ? "" : idle;
      button.disabled = Boolean(why);
      mark(button, "title", why || `${button.dataset.help}. Once, before the next step.`);
    }
    const forks = run && (acts || run.resumable);
    /** @type {HTMLButtonElement} */ (this.menu[0]).disabled = !forks || !run.cures.length;
    for (const [name, choice] of Object.entries(this.choices)) hide(choice, !run?.cures.includes(name));
    mark(put(this.count, this.#words(dead, view)), "data-state", this.asked ? "asked" : dead ? "dead" : "");
  }

  /** @param {number} dead @param {View | null} view */
  #words(dead, view) {
    const { asked, run, snapshot, history } = this;
    if (asked && (asked.run !== run?.id || performance.now() - asked.at > ACKNOWLEDGED)) this.asked = null;
    if (!this.asked) return !view?.window ? "" : dead ? `${dead} dead code${dead > 1 ? "s" : ""}` : "no dead codes";
    const { name, step } = this.asked;
    const { label } = this.remedies[name];
    const event = history.changes.find((change) => change.name === "remedy" && change.step >= step && change.by === "hand");
    if (event) {
      const moved = event.moved.reduce((/** @type {number} */ sum, /** @type {number[]} */ [, count]) => sum + count, 0);
      return `✓ ${label}: ${moved} moved at step ${whole(event.step)}`;
    }
    return (snapshot?.step ?? 0) >= step + LATE ? `${label}: nothing was dead` : `✓ ${label} acts before step ${whole(step)}`;
  }
}

/** @param {string} text @param {string} testid */
function buttonOf(text, testid) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.dataset.testid = testid;
  return put(button, text);
}
