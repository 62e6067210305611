/**
 * Where remedies put dead codes: an arrow from the old place to the new one, which fades in the seconds after.
 *
 * @typedef {{ level: number, code: number, from: [number, number], to: [number, number], since: number }} Move since: milliseconds of the page's clock
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {ReturnType<typeof import("./axes.js").projection>} Projection
 */
import { scaled } from "./decode.js";

const SHOWN = 1500;
const FADING = 4500;
/** Milliseconds between two drawings while something fades. */
const BEAT = 120;
/** A remedy of longer ago than so many steps was not just now: the page was opened later. */
const JUST_NOW = 400;

export class Moves {
  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    /** @type {Move[]} */
    this.moves = [];
    this.run = "";
    /** The newest step of which a remedy was taken in. */
    this.seen = Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * News of a run: what its remedies moved since the last time. Nothing of what was there when the run came on show.
   * @param {string} run @param {import("./history.js").Change[]} changes @param {number} step of the run now
   */
  update(run, changes, step) {
    const remedies = changes.filter(({ name }) => name === "remedy");
    const newest = remedies.at(-1)?.step ?? 0;
    if (run !== this.run || newest < this.seen) {
      if (run !== this.run) this.moves = [];
      Object.assign(this, { run, seen: newest });
      return;
    }
    const fresh = remedies.filter((remedy) => remedy.step > this.seen && remedy.places && step - remedy.step < JUST_NOW);
    this.seen = newest;
    this.moves.push(...fresh.flatMap((remedy) => movesOf(remedy, performance.now())));
    if (fresh.length) this.#beat();
  }

  /** How strong a move still is, 0..1. @param {Move} move */
  strength({ since }) {
    return Math.min(Math.max((SHOWN + FADING - (performance.now() - since)) / FADING, 0), 1);
  }

  #beat() {
    clearTimeout(this.timer);
    this.moves = this.moves.filter((move) => this.strength(move) > 0);
    this.draw();
    if (this.moves.length) this.timer = setTimeout(() => this.#beat(), BEAT);
  }

  /** @param {CanvasRenderingContext2D} context @param {Projection} at @param {number} level @param {Palette} colours */
  paint(context, at, level, colours) {
    for (const move of this.moves) {
      if (move.level !== level) continue;
      context.globalAlpha = this.strength(move);
      paintMove(context, [at.x(move.from[0]), at.y(move.from[1])], [at.x(move.to[0]), at.y(move.to[1])], colours);
    }
    context.globalAlpha = 1;
  }
}

/** @param {import("./history.js").Change} remedy @param {number} since @returns {Move[]} */
export function movesOf({ codes = [], places }, since) {
  const all = places ? scaled(places) : new Float32Array(0);
  const to = all.length / 2;
  return codes.map(([level, code], i) => ({ level, code, since, from: [all[2 * i], all[2 * i + 1]], to: [all[to + 2 * i], all[to + 2 * i + 1]] }));
}

/** @param {CanvasRenderingContext2D} context @param {[number, number]} from @param {[number, number]} to @param {Palette} colours */
function paintMove(context, from, to, colours) {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  for (const [colour, width] of /** @type {[string, number][]} */ ([[colours.panel, 5], [colours.accent, 2]])) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    context.lineCap = "round";
    context.setLineDash([]);
    context.beginPath();
    context.arc(from[0], from[1], 5, 0, 2 * Math.PI);
    context.stroke();
    if (length < 8) continue;
    context.beginPath();
    context.moveTo(from[0] + 5 * Math.cos(angle), from[1] + 5 * Math.sin(angle));
    context.lineTo(to[0], to[1]);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(to[0], to[1]);
      context.lineTo(to[0] + 8 * Math.cos(angle + turn), to[1] + 8 * Math.sin(angle + turn));
    }
    context.stroke();
  }
}
