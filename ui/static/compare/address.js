/** The page's state in its address: which tab, which runs, which view. Opened elsewhere it shows the same. */

/** Milliseconds after which the page has nothing better to do. */
const FETCH_AHEAD = 2500;

export class Address {
  /** @param {string} name @returns {string | null} */
  get(name) {
    return new URLSearchParams(location.hash.slice(1)).get(name);
  }

  /** @param {string} name @param {string} value empty: leave it out */
  set(name, value) {
    const all = new URLSearchParams(location.hash.slice(1));
    if (value) all.set(name, value);
    else all.delete(name);
    all.delete("run");
    all.set("tab", "compare");
    history.replaceState(null, "", `#${all.toString().replaceAll("%2C", ",").replaceAll("%2F", "/")}`);
  }
}

/** The button of a Gradio tab. @param {string} name @returns {HTMLElement | undefined} */
export const tabButton = (name) =>
  [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#tabs button[role=tab]"))].find((button) => button.textContent?.trim() === name);

/** Show a run in the Run tab. @param {string} id */
export function openRun(id) {
  tabButton("Run")?.click();
  location.hash = `run=${encodeURIComponent(id)}`;
}

/** Show runs side by side in the Compare tab, which Gradio builds when it is first opened. @param {string[]} ids */
export function openComparison(ids) {
  location.hash = `tab=compare&runs=${ids.map(encodeURIComponent).join(",")}`;
  if (!document.querySelector(".compare-bar")) tabButton("Compare")?.click();
}

/** Open the tab that the address names. Gradio does not build Compare before it is opened. */
export function openAddressed() {
  const named = new URLSearchParams(location.hash.slice(1));
  const name = named.get("tab") === "compare" ? "Compare" : named.get("run") ? "Run" : "";
  const button = tabButton(name);
  if (button?.getAttribute("aria-selected") === "false") button.click();
}

/** Fetch the script of Compare before somebody opens it. */
export function fetchAhead() {
  setTimeout(() => import("./main.js"), FETCH_AHEAD);
}
