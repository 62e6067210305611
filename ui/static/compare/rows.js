/** Rows for all live settings: those that are always in sight, and behind “more” the rest, in their groups. */
import { begun } from "./settings.js";
import { WeightRow } from "./weights.js";
import { make } from "./parts.js";

/** @typedef {import("./store.js").RunState} RunState */

export class Rows {
  /**
   * @param {HTMLElement} host @param {any} settings of the page
   * @param {string} prefix of the test ids @param {(name: string, value: number) => Promise<string>} send resolves to the acknowledgement
   * @param {(row: WeightRow) => void} [made]
   */
  constructor(host, settings, prefix, send, made = () => {}) {
    this.settings = settings;
    /** @type {WeightRow[]} */
    this.rows = [];
    const { "": main, ...finer } = settings.live;
    host.append(...this.#rows(main, prefix, send, made));
    const more = make("details", { class: "finer", "data-testid": `${prefix}-more` }, make("summary", {}, "more"));
    for (const [head, names] of Object.entries(finer)) {
      more.append(make("h3", {}, head), ...this.#rows(/** @type {string[]} */ (names), prefix, send, made));
    }
    host.append(more);
  }

  /** @param {string[]} names @param {string} prefix @param {(name: string, value: number) => Promise<string>} send @param {(row: WeightRow) => void} made */
  #rows(names, prefix, send, made) {
    return names.map((name) => {
      const row = new WeightRow(name, this.settings.axes[name], this.settings.scales[name], prefix, (value) => send(name, value));
      this.rows.push(row);
      made(row);
      return row.row;
    });
  }

  /** What holds of a run; what has no effect on it says so. @param {RunState} run @param {RunState[]} [all] it stands for */
  show(run, all = [run]) {
    for (const row of this.rows) {
      row.show(run.entry.live[row.name]);
      const why = all.map((each) => withoutEffect(this.settings.no_effect[row.name], each));
      row.idle(why.every(Boolean) ? why[0] : "");
    }
  }
}

/**
 * Why a setting has no effect on a run; "" if it has.
 * @param {{ setting: string, values: (number | string)[], why: string } | undefined} rule @param {RunState} run
 */
export function withoutEffect(rule, run) {
  if (!rule) return "";
  return rule.values.includes(run.entry.live[rule.setting] ?? begun(run, rule.setting)) ? rule.why : "";
}
