/** The Cluster tab's script: which machines there are, which run is where, and what waits for a place. */
import { openRun, tabButton } from "./compare/address.js";
import { ask } from "./compare/dialogs.js";
import { make } from "./compare/parts.js";
import { put, whole } from "./format.js";
import { Poller } from "./poller.js";

const INTERVAL = 2000;
const LIVING = ["compiling", "running", "paused", "failed"];

/**
 * @typedef {{ name: string, address: string, alive: boolean, cpus: number, cpus_used: number, gpus: number, gpus_used: number, memory: number }} Machine
 * @typedef {{ id: string, name: string, status: string, step: number, reason: string, speed: number, machine: string, memory: number }} Run
 */

/** @param {number} bytes */
const gigabytes = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`);
/** @param {number} count @param {string} one */
const many = (count, one) => `${whole(count)} ${one}${count === 1 ? "" : "s"}`;
/** @param {number} number */
const short = (number) => `${Number(number.toFixed(2))}`;

class Cluster {
  /** @param {{ element: HTMLElement, server: any }} bridge */
  constructor({ element, server }) {
    Object.assign(this, { element, server });
    this.part = (/** @type {string} */ query) => /** @type {HTMLElement} */ (element.querySelector(query));
    this.drawn = "";
    /** @type {Run[]} */
    this.runs = [];
    this.stopAll = /** @type {HTMLButtonElement} */ (this.part("[data-testid=cluster-stop-all]"));
    this.stopAll.addEventListener("click", () => this.#stopAll());
    this.poller = new Poller({
      ask: () => (element.getClientRects().length ? server.poll_cluster() : Promise.resolve(null)),
      answered: (answer) => {
        if (answer) this.#show(answer);
        return true;
      },
      unanswered: (failures) => failures > 1 && this.#note("The server stopped answering, retrying … What you see is the last that was heard."),
      alive: () => element.isConnected,
      interval: INTERVAL,
    });
    tabButton("Cluster")?.addEventListener("click", () => setTimeout(() => this.poller.now(), 60));
  }

  /** @param {string} text */
  #note(text) {
    put(this.part(".cluster-note"), text).hidden = !text;
  }

  /** @param {{ message: string, ready: boolean, capacity: number | null, machines: Machine[], runs: Run[] }} answer */
  #show(answer) {
    this.#note("");
    this.runs = answer.runs;
    put(this.part(".summary"), summary(answer));
    const head = /** @type {HTMLElement | null} */ (document.querySelector("#masthead [data-testid=lab]"));
    if (head && answer.ready) put(head, answer.message); // the other tabs, which say so there, do not ask meanwhile
    this.stopAll.disabled = !answer.runs.some(({ status }) => LIVING.includes(status) || status === "pending");
    const key = JSON.stringify([answer.machines, answer.runs]);
    if (key === this.drawn) return;
    this.drawn = key;
    const held = this.element.ownerDocument.activeElement?.getAttribute("data-run");
    this.part(".machines").replaceChildren(...answer.machines.map((machine) => panel(machine, answer.runs)));
    const waiting = answer.runs.filter(({ status }) => status === "pending");
    this.part(".waiting").hidden = !waiting.length;
    this.part(".waiting ul").replaceChildren(...waiting.map((run) => make("li", {}, link(run), make("small", {}, run.reason))));
    if (held) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-run="${CSS.escape(held)}"]`))?.focus();
  }

  async #stopAll() {
    const living = this.runs.filter(({ status }) => LIVING.includes(status));
    const waiting = this.runs.filter(({ status }) => status === "pending");
    const dialog = /** @type {HTMLDialogElement} */ (this.part("dialog"));
    const question = {
      title: `Stop ${many(living.length + waiting.length, "run")}?`,
      text: `${many(living.length, "run")} of everybody on this lab would end after the step in progress; each keeps its curves and its newest state. `
        + (waiting.length ? `${many(waiting.length, "run")} that wait${waiting.length === 1 ? "s" : ""} would be cancelled.` : ""),
      yes: "Stop all",
    };
    if (!(await ask(dialog, question))) return;
    this.stopAll.disabled = true;
    const told = await this.server.stop_all();
    this.#note(told.errors?.length ? `Not all could be stopped: ${told.errors.join("; ")}` : "");
    this.poller.now();
  }
}

/** @param {{ message: string, ready: boolean, capacity: number | null, machines: Machine[], runs: Run[] }} answer */
function summary({ ready, message, capacity, machines, runs }) {
  if (!ready) return `${message} …`;
  const alive = machines.filter((machine) => machine.alive && machine.cpus > 0);
  const used = alive.reduce((sum, machine) => sum + machine.cpus_used, 0);
  const cpus = alive.reduce((sum, machine) => sum + machine.cpus, 0);
  const living = runs.filter(({ status }) => LIVING.includes(status)).length;
  const waiting = runs.filter(({ status }) => status === "pending").length;
  const parts = [many(alive.length, "machine"), `${short(used)} of ${short(cpus)} CPUs in use`, capacity === null ? "" : `room for ${many(capacity, "run")} at once`];
  return [...parts, `${living} here now`, waiting ? `${waiting} waiting` : ""].filter(Boolean).join(" · ");
}

/** @param {Machine} machine @param {Run[]} runs */
function panel(machine, runs) {
  const here = runs.filter((run) => run.machine === machine.name);
  const held = here.reduce((sum, run) => Math.max(sum, 0) + run.memory, 0);
  const role = machine.cpus > 0 ? machine.address : `${machine.address} · holds no runs`;
  const head = make("header", {}, make("h2", {}, machine.name), make("small", {}, machine.alive ? role : "gone"));
  const gauges = machine.alive && machine.cpus > 0
    ? [
      gauge("CPU", machine.cpus_used, machine.cpus, short),
      ...(machine.gpus ? [gauge("GPU", machine.gpus_used, machine.gpus, short)] : []),
      gauge("Memory", held, machine.memory, gigabytes),
    ]
    : [];
  const list = here.length ? make("ul", {}, ...here.map(entry)) : "";
  const none = !here.length && gauges.length ? make("p", { class: "none" }, "No run is here: start one in the Run tab, or a comparison.") : "";
  return make("article", { class: "panel machine", "data-alive": `${machine.alive}`, "data-testid": "machine" }, head, ...gauges, list, none);
}

/** @param {string} label @param {number} used @param {number} total @param {(value: number) => string} worded */
function gauge(label, used, total, worded) {
  const fill = make("i", { class: "fill" });
  fill.style.width = `${total ? Math.min(100, (100 * used) / total) : 0}%`;
  return make("div", { class: "gauge" }, make("span", {}, label), make("span", { class: "track" }, fill), make("b", {}, `${worded(used)} of ${worded(total)}`));
}

/** @param {Run} run */
function entry(run) {
  const speed = run.speed ? ` · ${run.speed.toFixed(1)} steps/s` : "";
  const state = make("small", { class: "state", "data-status": run.status }, `${run.status} · step ${whole(run.step)}${speed}`);
  return make("li", { title: run.reason }, link(run), state, make("small", {}, run.memory ? gigabytes(run.memory) : ""));
}

/** @param {Run} run */
function link(run) {
  const button = make("button", { type: "button", class: "run", "data-run": run.id, title: `Open ${run.name} in the Run tab` }, run.name);
  button.addEventListener("click", () => openRun(run.id));
  return button;
}

/** @param {{ element: HTMLElement, server: any }} bridge */
export function start(bridge) {
  return new Cluster(bridge);
}
