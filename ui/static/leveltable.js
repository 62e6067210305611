/** What each level does, a row each: codes in use, evenness, rate, and how much of what comes in it leaves over. */
import { effectiveBits } from "./compare/figures.js";
import { fixed, percent, put, whole } from "./format.js";

/** @typedef {import("./decode.js").View} View @typedef {import("./decode.js").Diagnosis} Diagnosis */

const HEADS = ["level", "codes in use", "perplexity", "bits", "residual ratio", "left over"];
/** Beyond so many tuples a power says more than digits. */
const READABLE = 1e6;
/** The part of a bar that a letter needs. */
const ROOM = 0.0135;

export class Levels {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.table = host.appendChild(document.createElement("table"));
    const head = this.table.createTHead().insertRow();
    for (const text of HEADS) put(head.appendChild(document.createElement("th")), text).scope = "col";
    this.body = this.table.createTBody();
    this.shares = host.appendChild(document.createElement("div"));
    this.shares.className = "stacks";
    this.sum = host.appendChild(document.createElement("p"));
    this.sum.dataset.testid = "levels-sum";
  }

  /** @param {View | null} view @param {Diagnosis | null} diagnosis */
  update(view, diagnosis) {
    this.table.hidden = this.shares.hidden = !view;
    this.host.dataset.levels = `${view?.levels ?? 0}`;
    while (this.body.rows.length > (view?.levels ?? 0)) this.body.deleteRow(-1);
    if (!view) return void put(this.sum, "The levels show here once a run has begun.");
    const lefts = leftOver(diagnosis?.residualRatio ?? []);
    for (let level = 0; level < view.levels; level++) this.#row(level, view, diagnosis?.residualRatio[level] ?? null, lefts[level]);
    const [bits, nominal] = [effectiveBits(view.perplexity), view.sizes.reduce((sum, size) => sum + Math.log2(size), 0)];
    const taken = lefts.map((left, level) => Math.max((lefts[level - 1] ?? 1) - left, 0));
    this.shares.replaceChildren(
      ...stack("taken from E‖z_e‖²", taken, 1, (share) => percent(share), "left over"),
      ...stack("bits", view.perplexity.map(Math.log2), nominal, (some) => `${some.toFixed(1)} bits`, "unused"),
    );
    const tuples = diagnosis ? `${whole(diagnosis.tuples)} of ${tuplesOf(view.sizes)} tuples of codes` : "";
    const parts = [`All levels: ${bits.toFixed(1)} of ${Number(nominal.toFixed(1))} bits`, tuples && `${tuples} in the last ${view.window} batches`];
    put(this.sum, parts.filter(Boolean).join(" · "));
  }

  /** @param {number} level @param {View} view @param {number | null} ratio @param {number} left */
  #row(level, view, ratio, left = NaN) {
    const row = this.body.rows[level] ?? this.#blank(level);
    const size = view.sizes[level];
    const perplexity = view.perplexity[level];
    const worse = ratio !== null && ratio > 1;
    const [, used, even, bits, rest, over] = [...row.cells];
    bar(used, `${view.active[level]} of ${size}`, view.active[level] / size, view.active[level] < size ? "fair" : "");
    put(even, fixed(perplexity, 1));
    put(bits, `${Math.log2(perplexity).toFixed(1)} of ${Number(Math.log2(size).toFixed(1))}`);
    bar(rest, ratio === null ? "–" : `${ratio.toFixed(2)}${worse ? " ▲ adds error" : ""}`, Math.min(ratio ?? 0, 1), worse ? "bad" : "");
    put(over, Number.isFinite(left) ? percent(left) : "–");
    row.dataset.worse = `${worse}`;
  }

  /** @param {number} level */
  #blank(level) {
    const row = this.body.insertRow();
    row.dataset.testid = `levels-${level + 1}`;
    const head = row.appendChild(document.createElement("th"));
    head.scope = "row";
    put(head, `${level + 1}`);
    for (let i = 1; i < HEADS.length; i++) row.insertCell();
    return row;
  }
}

/** The part of E‖z_e‖² that is left after each level. @param {(number | null)[]} ratios @returns {number[]} */
export function leftOver(ratios) {
  let left = 1;
  return ratios.map((ratio) => (left *= ratio ?? NaN));
}

/**
 * A bar of a whole: each level's part of it, and the rest.
 * @param {string} name @param {number[]} parts @param {number} whole @param {(part: number) => string} told @param {string} rest what is left is
 */
function stack(name, parts, whole, told, rest) {
  const known = parts.filter(Number.isFinite);
  const label = document.createElement("span");
  const line = document.createElement("div");
  put(label, name);
  const left = Math.max(whole - known.reduce((sum, part) => sum + part, 0), 0);
  for (const [i, part] of [...known, left].entries()) {
    const piece = line.appendChild(document.createElement("span"));
    const words = i < known.length ? `level ${i + 1}: ${told(part)}` : `${rest}: ${told(part)}`;
    piece.style.flexGrow = `${part / whole}`;
    piece.dataset.part = i < known.length ? `${i % 4}` : "rest";
    put(piece, part / whole > ROOM * words.length ? words : "").title = words;
  }
  return known.length ? [label, line] : [];
}

/** A number over a bar of its share. @param {HTMLTableCellElement} cell @param {string} text @param {number} share 0..1 @param {string} mood */
function bar(cell, text, share, mood) {
  if (!cell.firstElementChild) cell.append(document.createElement("span"), document.createElement("i"));
  const [words, line] = /** @type {HTMLElement[]} */ ([...cell.children]);
  put(words, text);
  line.style.setProperty("--share", share.toFixed(3));
  cell.dataset.mood = mood;
}

/** How many tuples there could be. @param {number[]} sizes */
export function tuplesOf(sizes) {
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count <= READABLE) return whole(count);
  const [front, power] = count.toExponential(1).split("e+");
  return `${front} · 10${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("")}`;
}
