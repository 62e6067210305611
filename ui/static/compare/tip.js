/** What is under the pointer, in a few lines beside it. One for the page. */
import { make } from "./parts.js";

/** @type {HTMLElement | undefined} */
let box;

/** @param {string[]} lines @param {number} x @param {number} y in the window @param {string} [colour] of the run they are about */
export function showTip(lines, x, y, colour = "") {
  box ??= document.body.appendChild(make("div", { class: "compare-tip", "aria-hidden": "true" }));
  const text = JSON.stringify(lines);
  if (box.dataset.text !== text) {
    box.dataset.text = text;
    box.replaceChildren(...lines.map((line) => make("p", {}, line)));
  }
  box.hidden = false;
  box.style.borderLeftColor = colour || "transparent";
  const left = x + 14 + box.offsetWidth > innerWidth - 8 ? x - 14 - box.offsetWidth : x + 14;
  box.style.left = `${Math.max(8, left)}px`;
  box.style.top = `${Math.max(8, Math.min(y - box.offsetHeight / 2, innerHeight - box.offsetHeight - 8))}px`;
}

export function hideTip() {
  if (box) box.hidden = true;
}
