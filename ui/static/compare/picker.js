/** Which runs are compared: every run of the lab, whole comparisons at a click, at most sixteen at once. */
import { hide, put, whole } from "../format.js";
import { make } from "./parts.js";

/** So many runs are found by their names more easily than by going through the list. */
const MANY = 10;
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const TIME = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });

/** When a run of the past began: runs of one name are told apart by it. @param {number} seconds Unix time */
function begun(seconds) {
  const at = new Date(1000 * seconds);
  const today = at.toDateString() === new Date().toDateString();
  return `${today ? "" : `${DAY.format(at)}, `}${TIME.format(at)}`;
}

export class Picker {
  /** @param {HTMLElement} sheet @param {any} context */
  constructor(sheet, context) {
    Object.assign(this, { sheet, context });
    this.hidden = make("input", { type: "checkbox" });
    this.hidden.addEventListener("change", () => this.#draw());
    this.groups = make("div", { class: "groups" });
    this.list = make("div", { class: "picks", role: "group", "aria-label": "Runs" });
    this.note = make("small", { role: "status" });
    this.find = make("input", { type: "search", placeholder: "find by name", "aria-label": "Find runs by name", "data-testid": "pick-find" });
    this.find.addEventListener("input", () => this.#draw());
    sheet.append(make("h2", {}, "Runs to compare"), this.groups, this.find, this.list, this.note, make("label", { class: "show-hidden" }, this.hidden, " show hidden runs"));
    sheet.addEventListener("toggle", () => this.#draw());
  }

  update() {
    if (this.sheet.matches(":popover-open")) this.#draw();
  }

  #draw() {
    const { store } = this.context;
    const key = JSON.stringify([store.entries.map((/** @type {any} */ e) => [e.id, e.name, e.status, e.pinned, e.hidden]), store.comparisons, [...store.runs.keys()], this.hidden.checked, this.find.value]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.groups.replaceChildren(...store.comparisons.map((/** @type {any} */ comparison) => this.#group(comparison)));
    const wanted = this.find.value.trim().toLowerCase();
    const all = store.entries.filter((/** @type {any} */ entry) => this.hidden.checked || !entry.hidden);
    const entries = all.filter((/** @type {any} */ { name, note }) => `${name} ${note}`.toLowerCase().includes(wanted));
    hide(this.find, all.length <= MANY && !wanted);
    const sorted = [...entries].reverse().sort((a, b) => Number(b.pinned) - Number(a.pinned));
    this.list.replaceChildren(...sorted.map((entry) => this.#pick(entry)));
    put(this.note, all.length ? `${store.runs.size} of ${all.length} chosen, at most ${this.context.settings.most_runs}` : "No runs yet: start a comparison, or a run in the Run tab.");
  }

  /** @param {any} comparison */
  #group(comparison) {
    const { store, context } = { store: this.context.store, context: this.context };
    const ids = store.entries.filter((/** @type {any} */ e) => e.comparison === comparison.id).map((/** @type {any} */ e) => e.id);
    const button = make("button", { type: "button", class: "act", "data-testid": `pick-${comparison.id}` }, `${comparison.name} (${whole(ids.length)})${comparison.until ? ` until step ${whole(comparison.until)}` : ""}`);
    button.addEventListener("click", () => context.select(ids.slice(0, context.settings.most_runs)));
    return button;
  }

  /** @param {any} entry */
  #pick(entry) {
    const { context } = this;
    const box = make("input", { type: "checkbox", "data-testid": `pick-${entry.id}` });
    box.checked = context.store.runs.has(entry.id);
    box.addEventListener("change", () => {
      const ids = [...context.store.runs.keys()].filter((id) => id !== entry.id);
      if (box.checked && ids.length >= context.settings.most_runs) {
        box.checked = false;
        context.say(`At most ${context.settings.most_runs} runs are compared at once: leave one out first.`);
        return;
      }
      context.select(box.checked ? [...ids, entry.id] : ids);
    });
    const dot = make("i", { class: "dot" });
    dot.style.background = context.store.runs.get(entry.id)?.colour ?? "transparent";
    const status = entry.status === "pending" ? "queued" : entry.status;
    return make("label", { class: "pick" }, box, dot, make("span", {}, `${entry.pinned ? "📌 " : ""}${entry.name}`), make("small", {}, entry.created ? `${status} · ${begun(entry.created)}` : status));
  }
}
