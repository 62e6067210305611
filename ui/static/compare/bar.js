/** The bar of the Compare tab: what is done to all runs on show, how their planes are seen, and what is shared of them. */
import { hide, put, whole } from "../format.js";
import { ask } from "./dialogs.js";
import { choices, choose, make } from "./parts.js";

/** From which statuses a verb is offered. @type {Record<string, string[]>} */
const OFFERED = { pause: ["running", "compiling"], resume: ["paused"], step: ["paused", "running"], stop: ["pending", "compiling", "running", "paused", "failed"] };

export class Bar {
  /** @param {HTMLElement} host @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    this.part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (host.querySelector(`[data-testid=${id}]`));
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll("[data-verb]"))) {
      const verb = button.dataset.verb ?? "";
      button.addEventListener("click", () => (verb === "stop" ? context.stop(context.ids) : context.act({ verb, runs: this.#allowed(verb) })));
    }
    this.inStep = /** @type {HTMLInputElement} */ (this.part("in-step"));
    this.inStep.addEventListener("change", () => this.#keepInStep(this.inStep.checked));
    this.part("compare-share").addEventListener("click", () => this.#share());
    this.part("compare-export").addEventListener("click", () => this.#export());
    this.viewName = context.address.get("view") ?? "level-1";
    this.viewSwitch = /** @type {HTMLElement} */ (host.querySelector(".view"));
    const { lens } = context.cards;
    const button = this.part("compare-reset-view");
    button.addEventListener("click", () => lens.show(null));
    lens.watchers.add(() => hide(button, lens.box === null));
  }

  /** The address may name another view. */
  follow() {
    this.viewName = this.context.address.get("view") ?? this.viewName;
  }

  /** @param {import("./store.js").RunState[]} runs */
  update(runs) {
    this.#views(runs);
    this.#summary(runs);
    this.#masthead(runs);
  }

  /** @param {import("./store.js").RunState[]} runs */
  #views(runs) {
    const levels = Math.max(1, ...runs.map(({ entry }) => entry.config.levels));
    if (this.viewSwitch.dataset.levels !== `${levels}`) {
      this.viewSwitch.dataset.levels = `${levels}`;
      const names = Array.from({ length: levels }, (_, level) => /** @type {[string, string]} */ ([`level-${level + 1}`, `level ${level + 1}`]));
      const group = choices("compare-view", "View of the planes", [...names, ["cumulative", "cumulative"]], this.viewName, (name) => this.#view(name, true));
      group.dataset.testid = "compare-view";
      this.viewSwitch.replaceChildren(group);
    }
    if (this.viewName !== this.viewed) this.#view(this.viewName, false);
  }

  /** @param {string} name @param {boolean} chosen by hand */
  #view(name, chosen) {
    this.viewName = this.viewed = name;
    if (chosen) this.context.address.set("view", name);
    choose(this.viewSwitch, name);
    this.context.cards.view(Math.max(Number(name.split("-")[1] ?? 1) - 1, 0), name === "cumulative");
  }

  /** @param {import("./store.js").RunState[]} runs */
  #summary(runs) {
    /** @type {Record<string, number>} */
    const counts = {};
    for (const { entry } of runs) counts[entry.status === "pending" ? "queued" : entry.status] = (counts[entry.status === "pending" ? "queued" : entry.status] ?? 0) + 1;
    const steps = runs.filter(({ snapshot }) => snapshot).map(({ snapshot }) => snapshot.step);
    const [low, high] = [Math.min(...steps), Math.max(...steps)];
    const words = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
    if (steps.length) words.push(low === high ? `step ${whole(low)}` : `steps ${whole(low)} to ${whole(high)}`);
    put(this.part("compare-summary"), words.join(" · ")).title = words.join(" · ");
    for (const verb of Object.keys(OFFERED)) /** @type {HTMLButtonElement} */ (this.part(`${verb}-all`)).disabled = !this.#allowed(verb).length;
    const comparisons = this.#comparisons();
    this.inStep.disabled = !comparisons.length;
    if (document.activeElement !== this.inStep) this.inStep.checked = this.context.store.comparisons.some(({ id, in_step }) => in_step && comparisons.includes(id));
  }

  /** What the page's head says of the lab and its data. @param {import("./store.js").RunState[]} runs */
  #masthead(runs) {
    const [source, lab] = ["data-source", "lab"].map((id) => /** @type {HTMLElement} */ (document.querySelector(`#masthead [data-testid=${id}]`)));
    const told = [...new Set(runs.map(({ snapshot }) => snapshot?.data_source).filter(Boolean))];
    if (told.length) put(source, told.join("; "));
    put(lab, this.context.store.lab?.message ?? "");
  }

  /** Those of whom the verb may be asked now. @param {string} verb */
  #allowed(verb) {
    const from = OFFERED[verb] ?? [];
    const { shown } = this.context.store;
    const now = shown.filter(({ entry }) => from.includes(entry.status));
    // Runs that have ended train on where none waits that was only paused.
    const chosen = verb === "resume" && !now.length ? shown.filter(({ entry }) => entry.resumable) : now;
    return chosen.map(({ id }) => id);
  }

  /** @param {boolean} on */
  async #keepInStep(on) {
    for (const id of this.#comparisons()) await this.context.act({ verb: "in_step", comparison: id, on });
  }

  #comparisons() {
    return [...new Set(this.context.store.shown.map(({ entry }) => entry.comparison).filter(Boolean))];
  }

  async #share() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.context.say("The address is copied: whoever opens it sees these runs, this view and this metric.");
    } catch {
      await ask(this.context.dialog, { title: "This address shows the same", fields: [{ name: "address", label: "Address", value: location.href }], yes: "Done" });
    }
  }

  async #export() {
    if (!this.context.ids.length) return this.context.say("Choose some runs first: their settings, events, curves, snapshots and a figure go into one zip.");
    const button = /** @type {HTMLButtonElement} */ (this.part("compare-export"));
    button.disabled = true;
    put(button, "Packing …");
    const told = await this.context.act({ verb: "export", runs: this.context.ids });
    button.disabled = false;
    put(button, "Export");
    if (!told.data) return;
    const bytes = Uint8Array.from(atob(told.data), (letter) => letter.charCodeAt(0));
    const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type: "application/zip" })), download: told.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
