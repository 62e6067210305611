/**
 * The loss curves, by Plotly. Weighed against others: uPlot and Chart.js are smaller and faster, but come in no Python
 * wheel, and nothing is vendored here; Gradio's LinePlot took 193 ms of the main thread a tick for 800 points; Bokeh's
 * script is as large and would be one more dependency. Plotly is loaded only once there is something to draw, and drawn
 * at most once in REDRAW milliseconds, and more rarely where that is slow.
 */
import { Legend } from "./curvelegend.js";
import { marker, markerText, merged } from "./markers.js";

const [REDRAW, LONGEST_PAUSE] = [1900, 5000];
/** A drawing's script may take this part of the time; garbage and the browser's own part of it take somewhat longer. */
const SHARE = 0.006;
/** Milliseconds from one drawing to the next where a change, of λ say, is to be marked, or the page's size is another. */
const MARKED = 500;
/** Pixels by which the curves have to have grown to be drawn again. */
const VISIBLE = 1.5;
/**
 * commit and codebook are equal in value under a final loss: one is drawn dashed over the other. Terms that are not
 * computed while their weight is 0 show only where they have values.
 */
const LINES = /** @type {const} */ ([
  { name: "total", dash: "dot", width: 1.25 },
  { name: "recon", dash: "solid", width: 2 },
  { name: "mse", dash: "dot", width: 2 },
  { name: "commit", dash: "solid", width: 3 },
  { name: "codebook", dash: "dash", width: 1.5 },
  { name: "entropy", dash: "solid", width: 1.5 },
  { name: "transport", dash: "longdashdot", width: 1.5 },
]);
const ALWAYS = ["total", "recon", "commit", "codebook"];

/** @type {Promise<any> | undefined} */
let library;

/** @returns {Promise<any>} Plotly */
export function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("plotly.min.js", import.meta.url).href;
    script.onload = () => resolve(/** @type {any} */ (window).Plotly);
    script.onerror = () => reject(new Error("the charting library could not be loaded"));
    document.head.append(script);
  });
  return library;
}

export class Curves {
  /** @param {HTMLElement} section @param {import("./palette.js").Palette} colours */
  constructor(section, colours) {
    this.chart = /** @type {HTMLElement} */ (section.querySelector(".chart"));
    this.colours = colours;
    this.scale = "log";
    /** @type {import("./history.js").History | null} */
    this.history = null;
    this.run = "";
    /** What the curves show. */
    this.drawn = { run: "", last: 0, count: 0, changes: 0 };
    this.drawnAt = -REDRAW;
    this.pause = REDRAW;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.drawsAt = 0;
    this.legend = new Legend(/** @type {HTMLElement} */ (section.querySelector(".curves-legend")), () => this.#draw());
    for (const radio of section.querySelectorAll("[name=curve-scale]")) {
      radio.addEventListener("change", () => {
        this.scale = /** @type {HTMLInputElement} */ (radio).value;
        this.#draw();
      });
    }
    new ResizeObserver(() => this.#soon(MARKED)).observe(this.chart);
  }

  /** @param {import("./history.js").History | null} history @param {string} run */
  update(history, run) {
    if (run !== this.run) this.drawnAt = -Infinity;
    Object.assign(this, { history, run });
    const changed = (history?.changes.length ?? 0) !== this.drawn.changes;
    if (changed || this.#differs()) this.#soon(changed ? MARKED : this.pause);
  }

  /** Something is to be seen that is not drawn yet. Of a long run's curves, a second's steps are less than a pixel. */
  #differs() {
    const { history, run, drawn, chart } = this;
    const [last, count] = [history?.steps.at(-1) ?? 0, history?.steps.length ?? 0];
    if (run !== drawn.run || count < drawn.count || !last) return true;
    return ((last - drawn.last) / last) * chart.clientWidth > VISIBLE;
  }

  /** @param {import("./palette.js").Palette} colours */
  recolour(colours) {
    this.colours = colours;
    this.#draw();
  }

  /**
   * At once, in the frame that shows the other news, too; or when it is so long ago that they were drawn.
   * @param {number} after milliseconds
   */
  #soon(after) {
    const at = this.drawnAt + after;
    if (this.timer !== undefined && this.drawsAt <= at) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.drawsAt = at;
    const wait = at - performance.now();
    if (wait <= 0) this.#draw();
    else this.timer = setTimeout(() => this.#draw(), wait);
  }

  async #draw() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.drawnAt = performance.now();
    const { chart, history } = this;
    if (!chart.clientWidth || (!history?.steps.length && !chart.hasChildNodes())) return;
    try {
      const Plotly = await plotly();
      const before = performance.now();
      const lines = traces(history, this);
      this.legend.update(lines);
      await Plotly.react(chart, lines, layout(history, this), { displayModeBar: false, doubleClick: "reset" });
      this.drawn = { run: this.run, last: history?.steps.at(-1) ?? 0, count: history?.steps.length ?? 0, changes: history?.changes.length ?? 0 };
      this.pause = Math.min(Math.max((performance.now() - before) / SHARE, REDRAW), LONGEST_PAUSE);
      describe(chart, history);
    } catch (error) {
      chart.textContent = `No curves: ${/** @type {Error} */ (error).message}.`;
    }
  }
}

/** @param {import("./history.js").History | null} history @param {Curves} curves */
export function traces(history, { colours, scale, legend }) {
  const colour = { ...colours, recon: colours.accent, mse: colours.accent };
  return LINES.flatMap(({ name, dash, width }) => {
    const values = history?.columns[`loss/${name}`] ?? [];
    if (!ALWAYS.includes(name) && !values.some(Number.isFinite)) return [];
    // The entropy term is below 0 wherever codes tell anything apart: a logarithmic scale shows its size.
    const turned = name === "entropy" && scale === "log";
    const shown = turned ? "−entropy" : name;
    return [{
      type: "scatter",
      mode: "lines",
      name: shown,
      visible: !legend.hidden.has(shown),
      x: history?.steps ?? [],
      y: turned ? values.map((value) => -value) : values,
      line: { color: colour[name], width, dash, simplify: true },
      hovertemplate: "%{y:.4g}",
    }];
  });
}

/** @param {import("./history.js").History | null} history @param {Curves} curves */
function layout(history, { colours, scale, run, chart }) {
  const axis = { gridcolor: colours.grid, zeroline: false, linecolor: colours.grid, tickfont: { size: 10 } };
  const last = history?.steps.at(-1) ?? 0;
  const changes = merged(history?.changes ?? [], Math.max(12, 0.015 * last), 0.12 * last);
  return {
    uirevision: `${run}/${scale}`,
    datarevision: history?.steps.length,
    width: chart.clientWidth,
    height: chart.clientHeight,
    margin: { l: 50, r: 8, t: 6, b: 24 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { family: "system-ui, sans-serif", color: colours.quiet, size: 11 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colours.panel, bordercolor: colours.grid, font: { color: colours.text } },
    showlegend: false,
    xaxis: { ...axis, showgrid: false, range: [0, Math.max(last, 10)], hoverformat: ",d", tickformat: ",d" },
    yaxis: { ...axis, type: scale, rangemode: scale === "log" ? "normal" : "tozero", tickformat: "~g", nticks: 6 },
    shapes: changes.map((change) => marker(change, colours)),
    annotations: changes.map((change, i) => markerText(change, i, change.step > last / 2, colours)),
  };
}

/** @param {HTMLElement} chart @param {import("./history.js").History | null} history */
function describe(chart, history) {
  const last = (/** @type {string} */ name) => history?.columns[`loss/${name}`]?.at(-1)?.toPrecision(3) ?? "none";
  const step = history?.steps.at(-1) ?? 0;
  chart.setAttribute("aria-label", `Losses by step; at step ${step}: recon ${last("recon")}, commit and codebook ${last("commit")}, total ${last("total")}`);
  chart.dataset.points = `${history?.steps.length ?? 0}`;
  chart.dataset.markers = `${history?.changes.length ?? 0}`;
}
