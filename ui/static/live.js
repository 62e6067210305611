/**
 * The page's script: asks the server for news of the run on show, and hands them to the panels. Gradio's own components
 * are the controls; this tells their callbacks, through the component's value, which run is on show.
 */
import { ask, wrongIn } from "./asking.js";
import { fetchAhead, openAddressed, tabButton } from "./compare/address.js";
import { Curves } from "./curves.js";
import { decodeFixed, decodeView } from "./decode.js";
import { Diagnosis } from "./diagnosis.js";
import { Digits } from "./digits.js";
import { Focus } from "./focus.js";
import { Health } from "./health.js";
import { History } from "./history.js";
import { endLeftoverClock } from "./idle.js";
import { Motion } from "./motion.js";
import { onThemeChange, palette } from "./palette.js";
import { Planes } from "./planes.js";
import { Poller } from "./poller.js";
import { close, panelOf, placePopovers, toast } from "./popovers.js";
import { obvious, remember, remembered } from "./selection.js";
import { Remedies } from "./remedies.js";
import { Status } from "./status.js";
import { Weights } from "./weights.js";

const REFRESH_KEY = "rq-vae-explorer.refresh";
/** Milliseconds after which a start that brought no run is no longer announced. */
const START_PATIENCE = 20000;
const ENDED = ["stopped", "lost"];

class Live {
  /** @param {{ element: HTMLElement, props: any, server: any, watch: any, sync: () => void }} bridge */
  constructor({ element, props, server, watch, sync }) {
    Object.assign(this, { element, props, server, sync });
    const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (element.querySelector(`#${id}`));
    const colours = palette(element);
    const focus = new Focus();
    this.status = new Status(element);
    this.planes = new Planes(part("planes"), new Motion(), focus, colours);
    this.digits = new Digits(part("digits"));
    this.health = new Health(part("health"), focus, colours);
    this.curves = new Curves(part("curves"), colours);
    this.diagnosis = new Diagnosis(part("curves"), part("digits"), focus, colours, this.planes.overlays, () => this.#wanted());
    this.weights = new Weights(props.scales, () => this.#show(), () => this.#follow());
    this.remedies = new Remedies(/** @type {HTMLElement} */ (document.querySelector("[data-testid=remedies]")), props, (command) => this.#act(command));
    /** @type {any} */
    this.lab = null;
    /** @type {import("./status.js").Run[]} */
    this.runs = [];
    this.listed = "";
    this.synced = "";
    this.connected = true;
    this.starting = false;
    this.#forget(remembered());
    for (const id of ["verb-start", "start-new-run"]) {
      document.getElementById(id)?.addEventListener("click", () => this.#starts());
    }
    watch("value", () => this.#told());
    onThemeChange(() => this.#recolour());
    window.addEventListener("hashchange", () => {
      this.#select(remembered());
      openAddressed();
    });
    tabButton("Run")?.addEventListener("click", () => this.#back());
    this.poller = new Poller({
      ask: () => (part("planes").getClientRects().length ? server.poll(this.#question()) : Promise.resolve(null)),
      answered: (answer) => answer !== null && this.#answered(answer), // hidden, it leaves the page's head to the other tabs
      unanswered: (failures) => this.#unanswered(failures),
      alive: () => element.isConnected,
      interval: Number(localStorage.getItem(REFRESH_KEY)) || 1000 * props.refresh,
    });
  }

  /** Another run is on show, of which nothing is known yet. @param {string} id */
  #forget(id) {
    this.run = id;
    this.snapshot = null;
    this.view = null;
    this.fixed = null;
    this.trouble = "";
    this.history = new History();
    this.diagnosis.forget();
  }

  /** A panel was opened: show what there is of it, and ask for the rest. */
  #wanted() {
    this.#diagnose();
    this.poller.now();
  }

  #diagnose() {
    const { diagnosis, digits, health, view, fixed, snapshot, history } = this;
    digits.update(view, fixed, diagnosis.images);
    health.update(view, diagnosis.newest, snapshot?.live.dead_window ?? 100, this.#entry?.config.codebook_update === "ema");
    diagnosis.update(view, snapshot?.step ?? 0, history.changes);
  }

  /** The run on show, as the list has it. */
  get #entry() {
    return this.runs.find(({ id }) => id === this.run);
  }

  /** The Run tab is shown again: the address names its run. */
  #back() {
    history.replaceState(null, "", this.run ? `#run=${encodeURIComponent(this.run)}` : location.pathname + location.search);
    setTimeout(() => this.poller.now(), 60);
  }

  /** Say so at once; until the run is there, or its start was refused. */
  #starts() {
    this.starting = true;
    setTimeout(() => {
      this.starting = false;
      this.#show();
    }, START_PATIENCE);
    this.#show();
  }

  /** @param {string} id */
  #select(id) {
    if (id === this.run) return;
    this.#forget(id);
    remember(id);
    this.planes.clear();
    this.#say();
    this.#show();
    this.poller?.now();
  }

  #question() {
    const { run, listed, snapshot, fixed, history } = this;
    return { run, listed, version: snapshot?.version ?? null, fixed: fixed !== null, history: history.place, ...this.diagnosis.question };
  }

  /** @param {any} answer */
  #answered(answer) {
    this.connected = true;
    if (answer.list) Object.assign(this, { listed: answer.listed, lab: answer.list.lab, runs: answer.list.runs });
    if (answer.unknown === this.run || !this.run) this.#select(obvious(this.runs));
    this.trouble = answer.trouble ?? "";
    if (answer.fixed && answer.snapshot?.run === this.run) this.fixed = decodeFixed(answer.fixed);
    if (answer.history?.run === this.run) this.history.take(answer.history);
    const learned = this.diagnosis.take(answer, this.run);
    if (learned) this.planes.remember(this.diagnosis.life, this.history.changes);
    if (answer.snapshot?.run === this.run) this.#take(answer.snapshot);
    else if (learned) this.#diagnose();
    this.#show();
    this.#follow();
    return Boolean(answer.snapshot || answer.list);
  }

  /** @param {any} snapshot */
  #take(snapshot) {
    this.snapshot = snapshot;
    this.view = snapshot.view && decodeView(snapshot.view);
    this.planes.angular = this.#entry?.config.distance === "cosine";
    if (this.view && this.fixed) this.planes.update(this.view, this.fixed.labels, snapshot.generation, snapshot.step);
    this.planes.moves.update(this.run, this.history.changes, snapshot.step);
    this.#diagnose();
    this.curves.update(this.history, this.run);
  }

  /** @param {number} failures */
  #unanswered(failures) {
    this.connected &&= failures < 2;
    this.#show();
  }

  #show() {
    const run = this.#entry;
    if (!this.view) {
      this.planes.prepare(run?.config.levels ?? 2);
      this.#diagnose();
      this.curves.update(this.history, this.run);
    }
    this.status.update(this.lab, run, this.snapshot, this.view, this);
    this.weights.update(this.snapshot, run !== undefined && !ENDED.includes(run.status));
    this.remedies.update(run, this.snapshot, this.view, this.history);
    this.element.dataset.connected = `${this.connected}`;
  }

  /** Have something done, and look at once at what came of it. @param {any} command */
  async #act(command) {
    const told = await ask(this.server, command);
    if (wrongIn(told)) toast(this.element.querySelector("#toast"), wrongIn(told));
    this.poller.now();
    return told;
  }

  /** Let the controls follow what happened to the runs: here, or on another page. */
  #follow() {
    const run = this.#entry;
    const inHand = this.weights.inHand;
    const key = JSON.stringify([this.run, this.runs.map(({ id, name, status }) => [id, name, status]), inHand ? "held" : run?.live]);
    if (key === this.synced || (!this.lab && !this.runs.length)) return;
    this.synced = key;
    this.#say(inHand || (run !== undefined && this.weights.shows(run.live)));
    this.sync();
  }

  /** What Gradio's callbacks get to know: the run on show, and whether the weights are to be left alone. */
  #say(hold = true) {
    this.props.value = JSON.stringify({ run: this.run, hold });
  }

  /** A callback answered. */
  #told() {
    const told = JSON.parse(this.props.value || "{}");
    if (told.refresh) {
      this.poller.interval = 1000 * told.refresh;
      localStorage.setItem(REFRESH_KEY, `${this.poller.interval}`);
    }
    if (told.error) {
      this.weights.forget();
      toast(this.element.querySelector("#toast"), told.error);
    }
    if (told.select) {
      close("new-run");
      this.#select(told.run);
    }
    if (told.news) {
      this.starting = false;
      this.poller.now();
    }
  }

  #recolour() {
    const colours = palette(this.element);
    this.planes.redraw(colours);
    this.health.recolour(colours);
    this.digits.redraw();
    this.diagnosis.lifetimes.recolour(colours);
    this.curves.recolour(colours);
  }
}

/** @param {{ element: HTMLElement, props: any, server: any, watch: any, sync: () => void }} bridge */
export function start(bridge) {
  endLeftoverClock();
  placePopovers();
  panelOf("new-run", "new-run-button");
  panelOf("settings", "settings-button");
  openAddressed();
  fetchAhead();
  return new Live(bridge);
}
