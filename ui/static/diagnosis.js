/** The card that shows the losses, or a table of the levels, or each code's use over the run's life; and what these ask the server for. */
import { decodeDiagnosis } from "./decode.js";
import { put } from "./format.js";
import { Levels } from "./leveltable.js";
import { Life } from "./life.js";
import { Lifetimes } from "./lifetimes.js";

/** @typedef {"losses" | "levels" | "time"} Tab */

/** @type {Record<Tab, [string, string]>} */
const TITLES = {
  losses: ["Losses", "unweighted, and their weighted total"],
  levels: ["Levels", "what each of them does"],
  time: ["Codes over time", "share of their level's choices"],
};

export class Diagnosis {
  /**
   * @param {HTMLElement} section the card @param {HTMLElement} digits that of the reconstructions
   * @param {import("./focus.js").Focus} focus @param {import("./palette.js").Palette} colours
   * @param {import("./overlays.js").Overlays} overlays of the planes
   * @param {() => void} wanted something is wanted that was not asked for yet
   */
  constructor(section, digits, focus, colours, overlays, wanted) {
    Object.assign(this, { section, overlays });
    this.levels = new Levels(/** @type {HTMLElement} */ (section.querySelector("[data-testid=levels]")));
    this.lifetimes = new Lifetimes(/** @type {HTMLElement} */ (section.querySelector("[data-testid=lifetimes]")), focus, colours, (words) => this.#about(words));
    this.byLevel = /** @type {HTMLInputElement} */ (digits.querySelector("[name=by-level]"));
    /** @type {Tab} */
    this.tab = "losses";
    this.forget();
    for (const radio of section.querySelectorAll("[name=diagnosis]")) {
      radio.addEventListener("change", () => this.#open(/** @type {Tab} */ (/** @type {HTMLInputElement} */ (radio).value), wanted));
    }
    this.byLevel.addEventListener("change", () => {
      this.version = null;
      wanted();
    });
    overlays.addEventListener("change", () => overlays.on.paths && wanted());
  }

  /** Another run is on show. */
  forget() {
    /** @type {import("./decode.js").Diagnosis | null} */
    this.newest = null;
    /** @type {number | null} */
    this.version = null;
    this.life = new Life();
  }

  /** What to ask the server for: the codes' life only where somebody sees it. */
  get question() {
    const seen = this.tab === "time" || this.overlays.on.paths;
    return { diagnosis: { version: this.version, images: this.byLevel.checked }, ...(seen ? { life: this.life.known } : {}) };
  }

  /** True if there is something new of the run. @param {any} answer @param {string} run */
  take({ diagnosis, life }, run) {
    const news = diagnosis?.run === run;
    if (news) Object.assign(this, { newest: decodeDiagnosis(diagnosis), version: diagnosis.version });
    if (life?.run === run) this.life.take(life);
    return news || life?.run === run;
  }

  /** The diagnosis whose images are to be shown level by level; null: inputs and outputs only. */
  get images() {
    return this.byLevel.checked && this.newest?.byLevel ? this.newest : null;
  }

  /**
   * @param {import("./decode.js").View | null} view @param {number} step
   * @param {import("./history.js").Change[]} changes
   */
  update(view, step, changes) {
    if (this.tab === "levels") this.levels.update(view, this.newest);
    if (this.tab === "time") this.lifetimes.update(view, this.life, step, changes);
  }

  /** @param {Tab} tab @param {() => void} wanted */
  #open(tab, wanted) {
    this.tab = tab;
    this.section.dataset.tab = tab;
    put(/** @type {HTMLElement} */ (this.section.querySelector("h2")), TITLES[tab][0]);
    this.#about("");
    wanted();
  }

  /** Beside the title: what somebody points at, or what the card shows. @param {string} words */
  #about(words) {
    const about = (this.tab === "time" && words) || TITLES[this.tab][1];
    put(/** @type {HTMLElement} */ (this.section.querySelector("header small")), about).title = about;
  }
}
