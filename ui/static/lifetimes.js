/**
 * Each code's use over the run's life, a map code × step for each level: births, deaths and revivals show. The darker, the
 * more it was chosen; hatched where it was dead. A column ends at the step at which the run was looked at.
 */
import { percent, put, whole } from "./format.js";
import { deadAt, shares } from "./levels.js";
import { cellAt, paintMap } from "./lifemap.js";

/**
 * @typedef {import("./decode.js").View} View
 * @typedef {import("./life.js").Life} Life
 * @typedef {{ from: number, to: number, shares: number[] | Float32Array, dead: boolean[] }} Column the steps that it stands for
 */

/** Maps that have room for whole words. */
const ROOMY = 4;

export class Lifetimes {
  /**
   * @param {HTMLElement} host @param {import("./focus.js").Focus} focus @param {import("./palette.js").Palette} colours
   * @param {(words: string) => void} say what somebody points at; "" for nothing
   */
  constructor(host, focus, colours, say) {
    Object.assign(this, { host, focus, colours, say });
    /** @type {{ view: View, columns: Column[][], remedies: number[], most: number } | null} */
    this.shown = null;
    /** @type {{ level: number, code: number, column: number } | null} */
    this.pointed = null;
    this.maps = host.appendChild(document.createElement("div"));
    this.maps.className = "maps";
    this.key = host.appendChild(document.createElement("p"));
    this.key.className = "key";
    this.key.append(text("rarely"), mark("ramp"), text(""), mark("hatch"), text("dead"), mark("remedy"), text("remedy"));
    focus.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.maps);
  }

  /**
   * @param {View | null} view @param {Life} life @param {number} step of the view
   * @param {import("./history.js").Change[]} changes
   */
  update(view, life, step, changes) {
    this.host.dataset.empty = view && step ? "" : "Which codes live and die shows here once a run has begun.";
    if (!view) return void (this.shown = null);
    const columns = Array.from({ length: view.levels }, (_, level) => columnsOf(view, life, level, step));
    const remedies = changes.filter(({ name }) => name === "remedy").map((change) => change.step);
    const most = Math.max(0, ...columns.flat().map(({ shares: all }) => Math.max(...all)));
    this.shown = { view, columns, remedies, most };
    put(/** @type {HTMLElement} */ (this.key.children[2]), percent(most));
    if (this.maps.children.length !== view.levels) this.#prepare(view.levels);
    this.draw();
  }

  /** @param {import("./palette.js").Palette} colours */
  recolour(colours) {
    this.colours = colours;
    this.draw();
  }

  /** @param {number} levels */
  #prepare(levels) {
    this.maps.replaceChildren(...Array.from({ length: levels }, (_, level) => this.#map(level)));
    this.maps.dataset.levels = `${levels}`;
  }

  /** @param {number} level */
  #map(level) {
    const block = document.createElement("div");
    const head = block.appendChild(document.createElement("p"));
    head.append(text(`Level ${level + 1}`), document.createElement("small"));
    const canvas = block.appendChild(document.createElement("canvas"));
    canvas.dataset.testid = `lifetimes-${level + 1}`;
    canvas.setAttribute("role", "img");
    canvas.addEventListener("pointermove", (event) => this.#point(level, canvas, event));
    canvas.addEventListener("pointerleave", () => {
      this.pointed = null;
      this.focus.onCode(null);
      this.draw();
    });
    return block;
  }

  /** @param {number} level @param {HTMLCanvasElement} canvas @param {PointerEvent} event */
  #point(level, canvas, event) {
    const { shown } = this;
    const columns = shown?.columns[level];
    if (!shown || !columns?.length) return;
    const { code, column } = cellAt(canvas, columns, shown.view.sizes[level], event.offsetX, event.offsetY);
    this.pointed = { level, code, column };
    this.focus.onCode({ level, index: code });
    this.draw();
  }

  draw() {
    const { shown, focus, pointed } = this;
    if (!shown || !this.maps.clientWidth) return;
    let said = "";
    [...this.maps.children].forEach((block, level) => {
      const [head, canvas] = /** @type {[HTMLElement, HTMLCanvasElement]} */ ([...block.children]);
      const [columns, size] = [shown.columns[level], shown.view.sizes[level]];
      const chosen = focus.code?.level === level ? focus.code.index : null;
      const at = pointed && pointed.level === level && pointed.code === chosen ? pointed.column : null;
      const column = columns[at ?? columns.length - 1];
      if (chosen !== null && column) said = `level ${level + 1}, code ${chosen}, step ${words(chosen, column)}`;
      put(/** @type {HTMLElement} */ (head.children[1]), shown.columns.length > ROOMY ? briefly(columns, size) : summary(columns, size));
      canvas.setAttribute("aria-label", `Use of the codes of level ${level + 1} by step: ${summary(columns, size)}`);
      paintMap(canvas, { columns, size, most: shown.most, remedies: shown.remedies, chosen, column: at }, this.colours);
    });
    this.say(said);
  }
}

/** @param {string} words */
function text(words) {
  const span = document.createElement("span");
  span.textContent = words;
  return span;
}

/** @param {string} kind */
function mark(kind) {
  const sign = document.createElement("i");
  sign.className = kind;
  return sign;
}

/** A level's columns: one a probe, and one up to now. @param {View} view @param {Life} life @param {number} level @param {number} step @returns {Column[]} */
export function columnsOf(view, life, level, step) {
  const from = level * view.size;
  const stride = life.steps.length > 1 ? life.steps[1] - life.steps[0] : (life.steps[0] ?? 0);
  /** @type {Column[]} */
  const columns = [];
  life.steps.forEach((to, i) => {
    if (to === 0 || to > step) return;
    const used = life.shares[i].subarray(from, from + view.sizes[level]);
    columns.push({ from: life.steps[i - 1] ?? Math.max(to - stride, 0), to, shares: used, dead: Array.from(used, (share) => share < view.threshold) });
  });
  const last = columns.at(-1)?.to ?? 0;
  if (step > last && view.window) columns.push({ from: last, to: step, shares: shares(view, level), dead: deadAt(view, level) });
  return columns;
}

/** @param {Column[]} columns @param {number} size */
function summary(columns, size) {
  const last = columns.at(-1);
  if (!last) return "no batch yet";
  const ever = Array.from({ length: size }, (_, code) => columns.some(({ dead }) => !dead[code])).filter(Boolean).length;
  const alive = last.dead.filter((dead) => !dead).length;
  return `${alive} of ${size} alive${ever > alive ? `, ${ever} were at some time` : ""}`;
}

/** @param {Column[]} columns @param {number} size */
const briefly = (columns, size) => (columns.length ? `${columns.at(-1)?.dead.filter((dead) => !dead).length}/${size} alive` : "");

/** @param {number} code @param {Column} column */
const words = (code, { to, shares: used, dead }) => `${whole(to)}: ${percent(used[code] ?? 0)}${dead[code] ? ", dead" : ""}`;
