/** The Compare tab's script: asks the server for news of the runs compared, and hands them to the cards and panels. */
import { ask, wrongIn } from "../asking.js";
import { put } from "../format.js";
import { onThemeChange, palette } from "../palette.js";
import { Poller } from "../poller.js";
import { toast } from "../popovers.js";
import { Address, openRun, tabButton } from "./address.js";
import { Bar } from "./bar.js";
import { Begin } from "./begin.js";
import { Cards } from "./cards.js";
import { Curves } from "./curves.js";
import { ask as inquire } from "./dialogs.js";
import { Linked } from "./linked.js";
import { Panels } from "./panels.js";
import { make } from "./parts.js";
import { Picker } from "./picker.js";
import { Gallery, PresetNotes } from "./presets.js";
import { know } from "./settings.js";
import { RunFocus, Store } from "./store.js";

const EXAMPLES = [
  ["λ_commit 0.05, 0.25, 1 and 4", { commit: "0.05, 0.25, 1, 4" }],
  ["λ_commit × λ_codebook, 9 runs", { commit: "0.05, 0.25, 1", codebook: "0.5, 1, 2" }],
  ["4, 16 and 64 codes", { codebook_size: "4, 16, 64" }],
];
const REFRESH_KEY = "rq-vae-explorer.refresh";

class Compare {
  /** @param {{ element: HTMLElement, props: any, server: any }} bridge */
  constructor({ element, props, server }) {
    Object.assign(this, { element, server });
    this.settings = props.settings;
    know(props.settings.axes);
    this.root = element;
    this.address = new Address();
    this.colours = palette(element);
    this.focus = new RunFocus();
    this.store = new Store(this.colours.dark);
    this.part = (/** @type {string} */ query) => /** @type {HTMLElement} */ (element.querySelector(query));
    this.dialog = /** @type {HTMLDialogElement} */ (this.part("#compare-dialog"));
    /** @type {[string, string] | null} */
    this.pair = null;
    this.connected = true;
    this.cards = new Cards(this.part(".cards"), this);
    this.curves = new Curves(this.part("#compare-curves"), this);
    this.panels = new Panels(this.part("#compare-panels"), this);
    this.picker = new Picker(this.part("#compare-picker"), this);
    this.begin = new Begin(/** @type {HTMLFormElement} */ (this.part("#compare-begin")), this);
    this.linked = new Linked(this.part("#compare-linked"), this);
    this.galleries = [this.part(".gallery"), this.part("#compare-presets")].map((host) => new Gallery(host, this));
    this.notes = new PresetNotes(this.part(".preset-notes"), this);
    this.bar = new Bar(this.part(".compare-bar"), this);
    this.#examples();
    this.#follow();
    onThemeChange(() => this.#recolour());
    this.poller = new Poller({
      ask: () => (this.visible ? server.poll_many(this.store.question(this.pair)) : Promise.resolve({})),
      answered: (answer) => this.#answered(answer),
      unanswered: (failures) => this.#unanswered(failures),
      alive: () => element.isConnected,
      interval: Number(localStorage.getItem(REFRESH_KEY)) || 1000 * props.refresh,
    });
    window.addEventListener("hashchange", () => this.#follow());
    tabButton("Compare")?.addEventListener("click", () => {
      this.address.set("runs", this.ids.join());
      setTimeout(() => this.poller.now(), 60);
    });
  }

  get visible() {
    return this.part(".compare-bar").getClientRects().length > 0;
  }

  get ids() {
    return this.store.shown.map(({ id }) => id);
  }

  // What panels ask of the page --------------------------------------------------------------------------------------

  /** @param {any} command @returns {Promise<any>} */
  async ask(command) {
    return ask(this.server, command);
  }

  /** Ask, say what went wrong, and look at once at what came of it. @param {any} command */
  async act(command) {
    const told = await this.ask(command);
    if (wrongIn(told)) this.say(wrongIn(told));
    this.poller.now();
    return told;
  }

  /** @param {string} text */
  say(text) {
    toast(this.part("#compare-toast"), text);
  }

  /** @param {string} id @returns {string | undefined} */
  nameOf(id) {
    return this.store.entries.find((entry) => entry.id === id)?.name;
  }

  /** @param {string} id */
  selectRun(id) {
    openRun(id);
  }

  /** Compare these. @param {string[]} ids */
  select(ids) {
    this.store.select(ids);
    this.address.set("runs", ids.join());
    this.#show(new Set());
    this.poller.now();
  }

  /** One more, made from another. @param {any} told */
  add(told) {
    if (told.run) this.select([...this.ids, told.run].slice(-this.settings.most_runs));
  }

  /** @param {string} id */
  drop(id) {
    this.select(this.ids.filter((other) => other !== id));
  }

  /** @param {string[]} ids */
  async stop(ids) {
    const living = this.store.shown.filter(({ id, entry }) => ids.includes(id) && !["stopped", "lost"].includes(entry.status));
    const question = {
      title: living.length === 1 ? `Stop ${living[0].entry.name}?` : `Stop ${living.length} runs?`,
      text: "That frees their places. Their last picture and their curves stay, and Resume lets them train on.",
      yes: "Stop",
    };
    if (living.length && (await inquire(this.dialog, question))) this.act({ verb: "stop", runs: living.map(({ id }) => id) });
  }

  /** @param {string[]} ids */
  async remove(ids) {
    const question = { title: "Remove this run?", text: "Its folder is deleted, with its checkpoints and curves: export it first if you want to keep them.", yes: "Remove" };
    if (!(await inquire(this.dialog, question))) return;
    const told = await this.act({ verb: "remove", runs: ids });
    if (told.done?.length) this.select(this.ids.filter((id) => !told.done.includes(id)));
  }

  /** @param {[string, string] | null} pair */
  wantDivergence(pair) {
    this.pair = pair;
    this.poller?.now();
  }

  #examples() {
    const host = this.part(".examples");
    for (const [label, axes] of EXAMPLES) {
      const button = make("button", { type: "button", class: "act", "data-testid": "compare-example" }, /** @type {string} */ (label));
      button.addEventListener("click", async () => {
        button.disabled = true;
        await this.begin.example(/** @type {any} */ (axes));
        button.disabled = false;
      });
      host.append(button);
    }
  }

  // News -------------------------------------------------------------------------------------------------------------

  /** Show what the address says. */
  #follow() {
    if (this.address.get("tab") !== "compare") return;
    const ids = (this.address.get("runs") ?? "").split(",").filter(Boolean).slice(0, this.settings.most_runs);
    this.bar.follow();
    if (ids.join() !== [...this.store.runs.keys()].join()) this.store.select(ids);
    if (!this.visible) tabButton("Compare")?.click();
    this.panels.follow();
    this.poller?.now();
  }

  /** @param {any} answer */
  #answered(answer) {
    this.connected = true;
    const seen = this.store.take(answer);
    if (answer.list) this.#forgetUnknown();
    if (answer.divergence) this.panels.updateDivergence(answer.divergence);
    if (this.visible) this.#show(seen);
    return Boolean(answer.runs || answer.list);
  }

  /** Runs that the lab does not know any more. */
  #forgetUnknown() {
    const gone = [...this.store.runs.values()].filter(({ entry }) => !entry);
    if (!gone.length || !this.store.lab?.ready) return;
    const ids = this.ids;
    this.store.select(ids);
    if (this.address.get("tab") === "compare") this.address.set("runs", ids.join());
  }

  /** @param {number} failures */
  #unanswered(failures) {
    if (failures < 2) return;
    this.connected = false;
    this.#show(new Set());
  }

  /** @param {Set<string>} seen */
  #show(seen) {
    const runs = this.store.shown;
    const { lab } = this.store;
    const empty = this.part(".compare-empty");
    empty.hidden = runs.length > 0;
    this.element.dataset.empty = `${!runs.length}`;
    put(this.part(".compare-empty .stage-text"), lab && !lab.ready ? `${lab.message}.` : "Runs that are the same but for one setting, side by side, live. Start a preset with one click, choose your own values with “+ Compare …”, or pick runs that train already under “Runs”.");
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (this.element.querySelectorAll("[data-testid=compare-example]"))) button.disabled = !lab?.ready;
    for (const gallery of this.galleries) gallery.enable(Boolean(lab?.ready));
    const note = this.part(".compare-note");
    put(note, this.connected ? "" : "The server stopped answering, retrying … What you see is the last that was heard.").hidden = this.connected;
    this.notes.update(runs);
    this.bar.update(runs);
    this.cards.update(runs, seen);
    this.curves.update(runs);
    this.panels.update(runs);
    this.linked.update(runs);
    this.picker.update();
  }

  #recolour() {
    this.colours = palette(this.element);
    this.store.recolour(this.colours.dark);
    this.cards.recolour(this.colours);
    this.curves.recolour(this.colours);
    this.panels.recolour(this.colours);
  }
}

/** @param {{ element: HTMLElement, props: any, server: any }} bridge */
export function start(bridge) {
  return new Compare(bridge);
}
