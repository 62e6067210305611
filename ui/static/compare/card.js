/** One run among others: its plane, its reconstructions, its health, and what can be done to it. */
import { told } from "../badges.js";
import { paintBars } from "../bars.js";
import { Digits } from "../digits.js";
import { fixed, put, whole } from "../format.js";
import { deadAt, scenes, shares } from "../levels.js";
import { Plane } from "../plane.js";
import { make } from "./parts.js";
import { Rows } from "./rows.js";
import { acknowledged } from "./weights.js";

/** @typedef {import("./store.js").RunState} RunState */

/** What a status means where a picture should be. @type {Record<string, string>} */
const WAITING = { pending: "Waiting for room", compiling: "Getting ready …", failed: "Failed", lost: "Lost", stopped: "Stopped before its first step" };

export class Card {
  /** @param {RunState} run @param {any} context @param {import("./cards.js").Cards} cards */
  constructor(run, context, cards) {
    Object.assign(this, { run, context, cards });
    this.name = make("button", { type: "button", class: "name", "data-testid": "card-name", title: "Open in the Run tab" });
    this.badge = make("span", { class: "badge", "data-testid": "card-badge" });
    this.tune = make("button", { type: "button", class: "quiet", "data-testid": "card-tune", "aria-expanded": "false", title: "Loss weights of this run", "aria-label": "Loss weights of this run" }, "λ");
    this.more = make("button", { type: "button", class: "quiet", "data-testid": "card-menu", "aria-haspopup": "menu", "aria-label": "What can be done to this run" }, "⋯");
    this.planeHost = make("div", { class: "plane", "data-testid": "card-plane" });
    this.stage = make("p", { class: "card-stage" });
    this.digitsHost = make("div", { class: "card-digits" }, make("canvas", { role: "img" }), make("small", { "data-testid": "probe-mse", hidden: "" }));
    this.facts = make("p", { class: "facts" });
    this.status = make("span", { class: "state", "data-testid": "card-status" });
    this.step = make("span", { "data-testid": "card-step" });
    this.mse = make("b", { "data-testid": "card-mse" });
    this.active = make("span", { class: "active", "data-testid": "card-active" });
    this.facts.append(this.status, this.step, this.mse, this.active);
    this.bars = make("canvas", { class: "card-bars", role: "img" });
    this.lineage = make("small", { class: "lineage", hidden: "" });
    this.weights = make("div", { class: "card-weights", hidden: "", "data-testid": "card-weights" });
    this.element = make(
      "article", { class: "card panel", "data-testid": `card-${run.id}`, tabindex: "-1" },
      make("header", {}, this.name, this.tune, this.more),
      this.lineage, this.planeHost, this.digitsHost, this.facts, this.bars, this.weights,
    );
    this.beyond = make("small", { class: "beyond", hidden: "", "data-testid": "card-beyond" }, "reaches far beyond these axes");
    this.planeHost.append(this.stage, this.badge, this.beyond);
    const canvasHost = this.planeHost.appendChild(make("div", { class: "canvas-host" }));
    const { axes, motion, codes, colours, lens } = cards;
    this.plane = new Plane(canvasHost, { level: 0, axes, motion, focus: codes, colours, lens });
    this.digits = new Digits(this.digitsHost);
    this.#listen();
  }

  #listen() {
    const { element, context, run } = this;
    element.addEventListener("pointerenter", () => context.focus.on(run.id));
    element.addEventListener("pointerleave", () => context.focus.on(null));
    element.addEventListener("focusin", () => context.focus.on(run.id));
    this.name.addEventListener("click", () => context.selectRun(run.id));
    this.more.addEventListener("click", () => this.cards.menu.open(run, this.more));
    this.tune.addEventListener("click", () => this.#tune(this.weights.hidden));
  }

  /** @param {boolean} open */
  #tune(open) {
    this.weights.hidden = !open;
    this.tune.setAttribute("aria-expanded", `${open}`);
    const { context, run } = this;
    if (open && !this.rows) {
      const send = async (/** @type {string} */ name, /** @type {number} */ value) =>
        acknowledged(await context.act({ verb: "set", runs: [run.id], name, value }), run.id);
      this.rows = new Rows(this.weights, context.settings, "card-slider", send);
    }
    this.words(this.short);
  }

  /** What is said of the run, without its picture. @param {string} [short] its name where there is little room */
  words(short) {
    const { run, element } = this;
    this.short = short;
    const { entry, snapshot, view } = run;
    if (!entry) return;
    element.style.setProperty("--run", run.colour);
    element.dataset.status = entry.status;
    put(this.name, short ?? entry.name).title = `${entry.name}${entry.note ? ` · ${entry.note}` : ""} · open in the Run tab`;
    put(this.status, entry.status === "pending" ? "queued" : entry.status).dataset.status = entry.status;
    this.status.title = entry.reason;
    const until = entry.until && entry.status !== "stopped" ? ` of ${whole(entry.until)}` : "";
    put(this.step, snapshot ? `step ${whole(snapshot.step)}${until}` : "");
    put(this.mse, view?.probeMse == null ? "" : `MSE ${view.probeMse.toFixed(4)}`);
    put(this.active, view ? view.active.map((count, level) => `L${level + 1} ${count}/${view.sizes[level]}`).join(" · ") : "");
    const badges = snapshot?.badges ?? [];
    const worst = badges.find((/** @type {any} */ { tone }) => tone === "bad" || tone === "warn");
    const trouble = run.trouble || (["failed", "lost"].includes(entry.status) ? entry.reason : "");
    put(this.badge, trouble ? entry.status : (worst?.words ?? "")).dataset.tone = trouble ? "bad" : (worst?.tone ?? "");
    this.badge.title = trouble || told(badges);
    this.badge.hidden = !this.badge.textContent;
    put(this.stage, view ? "" : `${WAITING[entry.status] ?? "First steps …"}${entry.reason ? `: ${entry.reason}` : ""}`).hidden = view !== null;
    this.#lineage(entry);
    this.rows?.show(run);
  }

  /** @param {any} entry */
  #lineage(entry) {
    const parent = entry.parent && this.context.nameOf(entry.parent);
    const parts = [entry.parent ? `fork of ${parent ?? "a run that is gone"} at step ${whole(entry.forked_at)}` : "", entry.note];
    put(this.lineage, parts.filter(Boolean).join(" · ")).hidden = !parts.some(Boolean);
  }

  /** What its plane shows of the newest picture. @param {number} level @param {boolean} cumulative @returns {import("../levels.js").Scene} */
  scene(level, cumulative) {
    const view = /** @type {import("../decode.js").View} */ (this.run.view);
    if (this.of?.view !== view || this.of.level !== level || this.of.cumulative !== cumulative) {
      const shown = cumulative ? view.levels - 1 : Math.min(level, view.levels - 1);
      this.of = { view, level, cumulative, scene: scenes(view, cumulative)[shown] };
    }
    return this.of.scene;
  }

  /** A new picture, or another view of the same. @param {number} level @param {boolean} cumulative @param {number} size codes and points, relative */
  picture(level, cumulative, size) {
    const { view, fixed: labels } = this.run;
    if (!view || !labels) return;
    const shown = Math.min(level, view.levels - 1);
    this.plane.level = shown;
    this.plane.scale = size;
    this.plane.mask = this.mask();
    this.plane.update(this.scene(level, cumulative), labels.labels);
    this.digits.update(view, labels);
    this.#paintBars(shown);
  }

  /** Which images stand out: those of the digit that somebody points at. */
  mask() {
    const { digit } = this.cards.codes;
    const labels = this.run.fixed?.labels;
    return digit === null || !labels ? null : Array.from(labels, (label) => label === digit);
  }

  /** @param {number} level */
  #paintBars(level) {
    const { view, colour } = this.run;
    if (!view) return;
    const colours = { ...this.cards.colours, accent: colour };
    paintBars(this.bars, shares(view, level), deadAt(view, level), view.threshold, null, colours);
    this.bars.setAttribute("aria-label", `Use of the codes of level ${level + 1}: ${view.active[level]} of ${view.sizes[level]} active, perplexity ${fixed(view.perplexity[level], 1)}`);
  }

  close() {
    this.plane.close();
    this.element.remove();
  }
}
