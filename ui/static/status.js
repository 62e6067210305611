/** The state of the lab and of the run on show, in words. */
import { Badges } from "./badges.js";
import { fixed, hide, mark, put, whole } from "./format.js";

/**
 * @typedef {object} Run an entry of the list of runs
 * @property {string} id
 * @property {string} name
 * @property {string} status
 * @property {string} reason
 * @property {boolean} [resumable] it has ended and can go on
 * @property {{ levels: number }} config
 * @property {Record<string, number>} live
 *
 * @typedef {object} Words
 * @property {string} title over the planes, where they have nothing to show; empty: nothing over them
 * @property {string} text
 * @property {string} note above everything: something went wrong; empty: nothing did
 */

/** @param {string} reason */
const because = (reason) => (reason ? `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?…]$/.test(reason) ? "" : "."}` : "");

/**
 * @param {{ kind: string, ready: boolean, message: string } | null} lab null: never heard of
 * @param {Run | undefined} run
 * @param {boolean} hasView
 * @param {string} trouble
 * @param {boolean} [starting] a run was asked for
 * @returns {Words}
 */
export function words(lab, run, hasView, trouble, starting = false) {
  const note = trouble && `The run does not answer: ${trouble}`;
  if (!lab) return { title: "Connecting …", text: "", note };
  if (!lab.ready && !run) {
    const then = starting ? " Your run begins by itself." : "";
    return { title: "The lab is starting …", text: `${because(lab.message)}${then}`, note };
  }
  if (!run && starting) return { title: "Starting …", text: "", note };
  if (!run) {
    return {
      title: "Press Start",
      text: "An autoencoder begins to learn handwritten digits. Watch where it puts them in the plane, and how the codes "
        + "of each level move to meet them; then turn λ_commit and see what happens.",
      note,
    };
  }
  return { ...(STATES[run.status] ?? STATES.running)(run, hasView), ...(note ? { note } : {}) };
}

/** What Start does with a run that has ended. @param {Run} run */
const next = (run) => (run.resumable ? "Resume lets it train on; “+ New run” begins another." : "Start begins a new one.");

/** @type {Record<string, (run: Run, hasView: boolean) => Words>} */
const STATES = {
  pending: (run) => ({ title: "Waiting for a place to run", text: `${because(run.reason)} Stop cancels it.`, note: "" }),
  compiling: (run, hasView) => {
    const text = `${because(run.reason)} The first step follows by itself, usually within seconds.`;
    return hasView ? { title: "", text: "", note: "" } : { title: "Getting ready …", text, note: "" };
  },
  running: (_run, hasView) => ({ title: hasView ? "" : "First steps …", text: "", note: "" }),
  paused: (_run, hasView) => ({ title: hasView ? "" : "Paused", text: hasView ? "" : "Press Resume.", note: "" }),
  failed: (run, hasView) => ({
    title: hasView ? "" : "The run failed",
    text: "",
    note: `This run failed. ${because(run.reason)} Reset begins again with the weights as they are now.`,
  }),
  lost: (run, hasView) => ({
    title: hasView ? "" : "The run is lost",
    text: "",
    note: `This run is lost: its process is gone or does not answer. ${because(run.reason)} ${next(run)}`,
  }),
  stopped: (run, hasView) => ({ title: hasView ? "" : "Stopped", text: hasView ? "" : `${because(run.reason)} ${next(run)}`, note: "" }),
};

export class Status {
  /** @param {HTMLElement} root of the live view */
  constructor(root) {
    this.root = root;
    /** @type {Map<string, HTMLElement>} */
    const parts = new Map();
    this.part = (/** @type {string} */ id) => {
      const known = parts.get(id);
      if (known?.isConnected) return known;
      const found = /** @type {HTMLElement} */ (root.querySelector(`[data-testid=${id}]`) ?? document.querySelector(`[data-testid=${id}]`));
      parts.set(id, found);
      return found;
    };
    this.badges = new Badges(this.part("badges"), this.part("badge-list"));
  }

  /**
   * @param {any} lab
   * @param {Run | undefined} run
   * @param {any} snapshot
   * @param {import("./decode.js").View | null} view
   * @param {{ trouble: string, connected: boolean, starting: boolean }} state
   */
  update(lab, run, snapshot, view, { trouble, connected, starting }) {
    const { title, text, note } = words(lab, run, view !== null, trouble, starting);
    const status = connected ? (run?.status ?? (lab?.ready === false ? "starting" : "no run")) : "disconnected";
    mark(put(this.part("status"), status), "data-status", status.replace(" ", "-"));
    put(this.part("step"), snapshot ? whole(snapshot.step) : "–");
    put(this.part("epoch"), snapshot ? fixed(snapshot.epoch, snapshot.epoch < 10 ? 2 : 1) : "–");
    put(this.part("speed"), snapshot?.steps_per_second ? fixed(snapshot.steps_per_second, 1) : "–");
    put(this.part("device"), snapshot?.device || "–");
    if (this.root.querySelector("#planes")?.getClientRects().length) { // while another tab is open, the page's head is that tab's
      put(this.part("data-source"), snapshot?.data_source || lab?.data_source || "");
      put(this.part("lab"), lab && !(lab.ready === false && !run) ? lab.message : "");
    }
    this.#stage(title, text);
    const alarm = this.part("note");
    put(alarm, connected ? note : "The server stopped answering, retrying … What you see is the last that was heard.");
    hide(alarm, !alarm.textContent);
    mark(alarm, "data-kind", connected ? "run" : "connection");
    this.badges.update(snapshot?.badges ?? []);
  }

  /** @param {string} title @param {string} text */
  #stage(title, text) {
    const stage = this.part("stage");
    put(/** @type {HTMLElement} */ (stage.querySelector(".stage-title")), title);
    put(/** @type {HTMLElement} */ (stage.querySelector(".stage-text")), text);
    hide(stage, !title);
    const bench = /** @type {HTMLElement | null} */ (this.root.closest("#bench"));
    if (bench) mark(bench, "data-stage", title === "Press Start" ? "empty" : title ? "waiting" : "");
  }
}
