/** What is to be said of a run, in words: each with its reason and what could be tried. The server judges (explorer/diagnosis.py). */
import { put } from "./format.js";

/** @typedef {{ tone: "bad" | "warn" | "good" | "note", words: string, advice: string, level: number | null }} Badge worst first */

/** Of a bar as wide, so many badges have room. */
const ROOM_FOR_TWO = 400;

export class Badges {
  /**
   * @param {HTMLElement} host holds the badges that are in sight, and the button for the rest
   * @param {HTMLElement} list a popover with all of them
   */
  constructor(host, list) {
    Object.assign(this, { host, list });
    /** @type {Badge[]} */
    this.badges = [];
    this.key = "";
    this.most = 1;
    new ResizeObserver(() => this.#fit()).observe(host);
  }

  /** @param {Badge[]} badges */
  update(badges) {
    const key = JSON.stringify(badges);
    if (key === this.key) return;
    Object.assign(this, { badges, key });
    this.#draw();
  }

  #fit() {
    const most = this.host.clientWidth >= ROOM_FOR_TWO ? 2 : 1;
    if (most === this.most) return;
    this.most = most;
    this.#draw();
  }

  #draw() {
    const { badges, most } = this;
    const focused = this.host.contains(document.activeElement);
    const seen = badges.slice(0, most).map((badge) => this.#button(badge.words, badge));
    const rest = badges.length - seen.length;
    if (rest > 0) seen.push(this.#button(`+${rest} more`, { tone: "note", words: "", advice: `All ${badges.length}, with what could be tried`, level: null }));
    seen.forEach((button, i) => (button.dataset.testid = rest > 0 && i === seen.length - 1 ? "more-badges" : i ? `health-badge-${i + 1}` : "health-badge"));
    this.host.replaceChildren(...seen);
    this.list.replaceChildren(...badges.map(entryOf));
    if (focused) seen[0]?.focus();
  }

  /** @param {string} text @param {Badge} badge */
  #button(text, { tone, advice }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "badge";
    button.setAttribute("popovertarget", this.list.id);
    button.dataset.tone = tone;
    button.title = advice;
    button.setAttribute("aria-label", `${text}. ${advice}`);
    return put(button, text);
  }
}

/** @param {Badge} badge */
function entryOf({ tone, words, advice }) {
  const [entry, head, text] = ["li", "b", "span"].map((tag) => document.createElement(tag));
  entry.dataset.tone = tone;
  put(head, words);
  put(text, advice);
  entry.append(head, text);
  return entry;
}

/** All of them in one text, as a tooltip has it. @param {Badge[]} badges */
export const told = (badges) => badges.map(({ words, advice }) => `${words}: ${advice}`).join("\n");
