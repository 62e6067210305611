/**
 * Asks the server again and again, never twice at once. Silent while the browser tab is hidden; waits longer each time
 * that there is no answer, and goes on as before once there is one.
 *
 * A run looks at itself as often as costs it little. Where that is more rarely than the page asks, an answer in two has
 * no news, and a question costs the machine 10 ms: so the interval grows a little with each answer without news, up to
 * two and a half times its length, and shrinks a little with each that has some. The first answer without news came a
 * moment too early, most likely: so the next question follows soon.
 */

const PATIENCE = 8000;
const LONGEST_WAIT = 8000;
const [SLOWER, FASTER, SLOWEST] = [1.25, 0.98, 2.5];
/** Part of the interval after which to ask again where news was expected. */
const SOON = 0.3;

export class Poller {
  /**
   * @param {object} options
   * @param {() => Promise<any>} options.ask resolves to the answer, or to undefined if there was none
   * @param {(answer: any) => boolean} options.answered true: there was news
   * @param {(failures: number) => void} options.unanswered
   * @param {() => boolean} options.alive false: stop for good
   * @param {number} options.interval milliseconds from one question to the next
   */
  constructor({ ask, answered, unanswered, alive, interval }) {
    Object.assign(this, { ask, answered, unanswered, alive, interval });
    this.failures = 0;
    /** By which the interval has grown. */
    this.stretch = 1;
    /** Answers without news since the last that had some. */
    this.quiet = 0;
    this.asking = false;
    this.again = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.onVisible = () => document.hidden || this.now();
    document.addEventListener("visibilitychange", this.onVisible);
    this.now();
  }

  /** Ask without waiting for the interval's end; if a question is under way, once more right after it. */
  now() {
    this.stretch = 1;
    if (this.asking) this.again = true;
    else this.#turn();
  }

  async #turn() {
    clearTimeout(this.timer);
    if (!this.alive()) {
      document.removeEventListener("visibilitychange", this.onVisible);
      return;
    }
    if (document.hidden) return;
    const started = performance.now();
    this.asking = true;
    this.again = false;
    const answer = await withPatience(this.ask());
    this.asking = false;
    this.failures = answer === undefined ? this.failures + 1 : 0;
    if (answer === undefined) this.unanswered(this.failures);
    else this.#heard(this.answered(answer));
    this.timer = setTimeout(() => this.#turn(), this.#wait(performance.now() - started));
  }

  /** @param {boolean} news */
  #heard(news) {
    this.quiet = news ? 0 : this.quiet + 1;
    this.stretch = Math.min(Math.max(this.stretch * (news ? FASTER : SLOWER), 1), SLOWEST);
  }

  /** @param {number} spent milliseconds since the question */
  #wait(spent) {
    if (this.failures) return Math.min(this.interval * 2 ** (this.failures - 1), LONGEST_WAIT);
    return this.again ? 0 : Math.max(this.interval * (this.quiet === 1 ? SOON : this.stretch) - spent, 30);
  }
}

/** @param {Promise<any>} promise @returns {Promise<any>} undefined if it fails or takes too long */
function withPatience(promise) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const tooLong = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE, undefined)));
  return Promise.race([promise.catch(() => undefined), tooLong]).finally(() => clearTimeout(timer));
}
