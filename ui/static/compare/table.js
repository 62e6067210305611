/** The settings in which the runs differ, and what came of them; sorted as asked, the best of each column marked. */
import { put } from "../format.js";
import { runColour } from "./colours.js";
import { columnsOf, compare, csvOf } from "./columns.js";
import { bestOf, figuresOf } from "./figures.js";
import { make, sayInstead, swatch } from "./parts.js";
import { fade } from "./plot.js";
import { shortNames } from "./settings.js";

/** @typedef {import("./store.js").RunState} RunState @typedef {import("./columns.js").Column} Column */

const NAME = /** @type {Column} */ ({ id: "name", label: "run", value: (run) => run.entry.name, text: (run) => run.entry.name });

export class Table {
  /** @param {HTMLElement} host @param {any} context */
  constructor(host, context) {
    Object.assign(this, { host, context });
    this.colours = context.colours;
    /** @type {{ id: string, ascending: boolean } | null} null: in the order of selection */
    this.sort = null;
    /** @type {RunState[]} */
    this.runs = [];
    /** @type {Map<string, HTMLTableRowElement>} */
    this.rows = new Map();
    this.head = make("tr");
    this.body = make("tbody");
    this.note = make("p", { class: "empty", role: "status" });
    const caption = make("caption", {}, "The settings that differ, and the newest figures of each run; ★ marks the best of a column");
    this.table = make("table", { "data-testid": "compare-table" }, caption, make("thead", {}, this.head), this.body);
    this.equal = make("small");
    const download = make("button", { type: "button", class: "quiet", "data-testid": "compare-csv" }, "Download CSV");
    download.addEventListener("click", () => this.#download());
    this.picture = make("div", { class: "fill" }, make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of runs" }, this.table), make("footer", {}, this.equal, download));
    host.append(this.note, this.picture);
    context.focus.addEventListener("change", () => fade(this.body, context.focus.run));
  }

  /** @param {RunState[]} runs */
  update(runs) {
    this.runs = runs;
    sayInstead(this.note, this.picture, runs.length ? "" : "Select runs above: what differs between them, and what came of it, shows here.");
    const columns = [NAME, ...columnsOf(runs)];
    this.#heads(columns);
    const figures = new Map(runs.map((run) => [run.id, figuresOf(run)]));
    const value = (/** @type {Column} */ column, /** @type {RunState} */ run) => column.value(run, /** @type {any} */ (figures.get(run.id)));
    const values = columns.map((column) => runs.map((run) => value(column, run)));
    const best = columns.map((column, c) => (column.better ? bestOf(/** @type {number[]} */ (values[c]), column.better, (known) => column.text(runs[0], known)) : new Set()));
    for (const [id, row] of this.rows) if (!figures.has(id)) (row.remove(), this.rows.delete(id));
    const { names } = shortNames(runs);
    runs.forEach((run, r) => this.#fill(run, names[r], columns, columns.map((_, c) => values[c][r]), columns.map((_, c) => best[c].has(r))));
    this.#order(columns, values);
    const differ = columns.length > 1 && columns[1].id !== "step";
    put(this.equal, differ ? "settings that are equal are left out · ★ best" : "no setting differs · ★ best");
    fade(this.body, this.context.focus.run);
  }

  /** @param {Column[]} columns */
  #heads(columns) {
    const key = columns.map(({ id }) => id).join();
    if (this.head.dataset.columns !== key) {
      this.head.dataset.columns = key;
      this.head.replaceChildren(...columns.map((column) => this.#headOf(column)));
      this.rows.clear();
      this.body.replaceChildren();
    }
    for (const head of /** @type {Iterable<HTMLElement>} */ (this.head.children)) {
      const ours = this.sort?.id === head.dataset.id;
      head.setAttribute("aria-sort", ours ? (this.sort?.ascending ? "ascending" : "descending") : "none");
    }
  }

  /** @param {Column} column */
  #headOf(column) {
    const button = make("button", { type: "button", title: column.title ?? "" }, column.label, make("i", { "aria-hidden": "true" }));
    button.addEventListener("click", () => this.#sortBy(column.id, column.better === "high"));
    return make("th", { scope: "col", "data-id": column.id, class: column.id === "name" ? "name" : "" }, button);
  }

  /** One way, then the other, then as it was. @param {string} id @param {boolean} mostFirst */
  #sortBy(id, mostFirst) {
    if (this.sort?.id !== id) this.sort = { id, ascending: !mostFirst };
    else this.sort = this.sort.ascending !== mostFirst ? { id, ascending: mostFirst } : null;
    this.asked = true;
    this.update(this.runs);
  }

  /** @param {RunState} run @param {string} name @param {Column[]} columns @param {(number | string | null)[]} values @param {boolean[]} best */
  #fill(run, name, columns, values, best) {
    const row = this.rows.get(run.id) ?? this.#rowOf(run, columns);
    const colour = runColour(run.index, this.colours.dark);
    const looks = `${colour}/${run.index}`;
    if (row.dataset.looks !== looks) {
      row.dataset.looks = looks;
      row.querySelector("svg")?.replaceWith(swatch(run, colour));
    }
    columns.forEach((column, c) => {
      const cell = row.cells[c];
      const text = column.text(run, values[c]);
      const place = /** @type {HTMLElement} */ (cell.querySelector("span"));
      put(place, c ? text : name);
      if (!c) place.title = text;
      if (cell.classList.contains("best") !== best[c]) {
        cell.classList.toggle("best", best[c]);
        cell.querySelector(".star")?.remove();
        if (best[c]) cell.prepend(make("b", { class: "star", role: "img", "aria-label": "best" }, "★"));
      }
    });
  }

  /** @param {RunState} run @param {Column[]} columns */
  #rowOf(run, columns) {
    const { context } = this;
    const { focus } = context;
    const open = make("button", { type: "button" }, swatch(run, ""), make("span"));
    open.addEventListener("focus", () => focus.on(run.id));
    open.addEventListener("blur", () => focus.on(null));
    const cells = columns.slice(1).map(() => make("td", {}, make("span")));
    const row = make("tr", { class: "of-run", "data-run": run.id }, make("th", { scope: "row", class: "name" }, open), ...cells);
    row.addEventListener("click", () => context.selectRun(run.id));
    row.addEventListener("pointerenter", () => focus.on(run.id));
    row.addEventListener("pointerleave", () => focus.on(null));
    this.rows.set(run.id, row);
    this.body.append(row);
    return row;
  }

  /** Rows hold still under a pointer, unless it was just asked to sort them. @param {Column[]} columns @param {(number | string | null)[][]} values */
  #order(columns, values) {
    const held = !this.asked && this.sort && (this.body.matches(":hover") || this.body.contains(document.activeElement));
    this.asked = false;
    if (held && this.body.children.length === this.runs.length) return;
    const by = this.sort && columns.findIndex(({ id }) => id === this.sort?.id);
    const order = this.runs.map((_, i) => i);
    if (by !== null && by >= 0) order.sort((a, b) => compare(values[by][a], values[by][b], this.sort?.ascending));
    order.forEach((i, place) => {
      const row = /** @type {HTMLTableRowElement} */ (this.rows.get(this.runs[i].id));
      if (this.body.children[place] !== row) this.body.insertBefore(row, this.body.children[place] ?? null);
    });
  }

  #download() {
    const url = URL.createObjectURL(new Blob([csvOf(this.runs)], { type: "text/csv" }));
    make("a", { href: url, download: "comparison.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}
