/** Which run is on show: remembered in the address, so that a reload, a bookmark or a second browser finds it. */

const KEY = "rq-vae-explorer.run";

/** @returns {string} */
export function remembered() {
  return new URLSearchParams(location.hash.slice(1)).get("run") ?? localStorage.getItem(KEY) ?? "";
}

/** @param {string} id */
export function remember(id) {
  localStorage.setItem(KEY, id);
  if (new URLSearchParams(location.hash.slice(1)).get("tab") === "compare") return;
  history.replaceState(null, "", id ? `#run=${encodeURIComponent(id)}` : location.pathname + location.search);
}

/** The run to show when none was chosen, or the chosen one is unknown: the newest that lives, else the newest. @param {import("./status.js").Run[]} runs */
export function obvious(runs) {
  const living = runs.filter((run) => !["stopped", "lost", "failed"].includes(run.status));
  return (living.at(-1) ?? runs.at(-1))?.id ?? "";
}
