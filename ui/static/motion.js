/**
 * One clock for all that moves: it runs for a moment after news came, then stands still. Who asked for less motion sees
 * the new state at once.
 */

const DURATION = 320;
/**
 * Painting and compositing cost some eight times what the script sees of a drawing, and on a small machine the training
 * pays for it: a drawing every 140 times its own length keeps that below a tenth of a core, while things move. Where a
 * drawing takes more than 1.5 ms there is one, of the new state.
 */
const SPACING = 140;
const SHORTEST = 16;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export class Motion {
  constructor() {
    /** Milliseconds that a drawing takes, smoothed. */
    this.cost = 0.5;
    /** @type {Set<(progress: number) => void>} */
    this.drawers = new Set();
    this.started = 0;
    this.spacing = DURATION;
    this.moving = false;
    this.progress = 1;
  }

  /** Go from what is shown to what is new. The first drawing is in the same frame as what else the news change on the page. */
  start() {
    const drawings = Math.max(Math.round(DURATION / Math.max(SPACING * this.cost, SHORTEST)), 1);
    this.spacing = DURATION / drawings;
    this.started = performance.now() - this.spacing;
    this.progress = 0;
    if (STILL.matches || document.hidden) this.#draw(1);
    else if (!this.moving) this.#next(0);
  }

  /** @param {number} pause milliseconds */
  #next(pause) {
    this.moving = true;
    const frame = () => requestAnimationFrame((now) => this.#frame(now));
    if (pause) setTimeout(frame, pause);
    else frame();
  }

  /** @param {number} now */
  #frame(now) {
    const left = Math.max(this.started + DURATION - now, 0);
    const elapsed = left < this.spacing / 2 ? 1 : 1 - left / DURATION;
    this.#draw(1 - (1 - elapsed) ** 2);
    if (elapsed < 1) this.#next(Math.max(this.spacing - SHORTEST, 0));
    else this.moving = false;
  }

  /** @param {number} progress */
  #draw(progress) {
    this.progress = progress;
    const before = performance.now();
    for (const draw of this.drawers) draw(progress);
    this.cost += 0.2 * (performance.now() - before - this.cost);
  }
}

/** Numbers on their way from one state to the next. */
export class Tween {
  constructor() {
    this.from = new Float32Array(0);
    this.to = this.from;
    this.now = this.from;
  }

  /** Set out from what is shown now; at once, if there was nothing of that size. @param {Float32Array} target */
  aim(target) {
    this.from = this.now.length === target.length ? this.now.slice() : target;
    this.to = target;
    this.now = this.now.length === target.length ? this.now : target.slice();
  }

  /** @param {number} progress 0..1 */
  at(progress) {
    const { from, to, now } = this;
    for (let i = 0; i < now.length; i++) now[i] = from[i] + (to[i] - from[i]) * progress;
    return now;
  }
}
