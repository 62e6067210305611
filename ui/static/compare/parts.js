/** Pieces of a panel. Every text goes in as text: a run's name may hold anything. */
import { put } from "../format.js";
import { runDash } from "./colours.js";

/** @typedef {import("./store.js").RunState} RunState */

/** The name of SVG, which the parser knows. */
const SVG = /** @type {Element} */ (new DOMParser().parseFromString("<svg></svg>", "text/html").body.firstElementChild).namespaceURI;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Record<string, string>} [attributes] @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {(Node | string)[]} children @returns {SVGElement} */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children);
  return element;
}

/** The `?` of a topic and its sentence, as the page's template has it; nothing where it has none. @param {string} topic */
export function help(topic) {
  const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector(`template[data-help="${topic}"]`));
  return template ? document.importNode(template.content, true) : "";
}

/**
 * A few choices side by side.
 * @param {string} name of the group, unique in the page @param {string} legend @param {[value: string, label: string][]} choices
 * @param {string} chosen @param {(value: string) => void} changed
 */
export function choices(name, legend, choices, chosen, changed) {
  const group = make("fieldset", { class: "switch" }, make("legend", {}, legend));
  for (const [value, label] of choices) {
    const radio = make("input", { type: "radio", name, value });
    radio.checked = value === chosen;
    radio.addEventListener("change", () => changed(value));
    group.append(make("label", {}, radio, make("span", {}, label)));
  }
  return group;
}

/** @param {HTMLElement} group made by `choices` @param {string} value */
export function choose(group, value) {
  for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === value;
}

/** A menu: its options are replaced only when they changed, so that an open one stays. @param {string} label @param {(value: string) => void} changed */
export function menu(label, changed) {
  const select = make("select", { class: "menu", "aria-label": label });
  select.addEventListener("change", () => changed(select.value));
  return select;
}

/** @typedef {{ value: string, label: string, group?: string }} Option */

/** @param {HTMLSelectElement} select @param {Option[]} options @param {string} value */
export function offer(select, options, value) {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    /** @type {Map<string, HTMLElement>} */
    const groups = new Map();
    select.replaceChildren();
    for (const { value: name, label, group } of options) {
      if (group && !groups.has(group)) groups.set(group, select.appendChild(make("optgroup", { label: group })));
      (group ? groups.get(group) : select)?.append(make("option", { value: name }, label));
    }
  }
  if (select.value !== value) select.value = value;
}

/** A piece of a run's line, as a legend shows it. @param {RunState} run @param {string} colour */
export function swatch(run, colour) {
  const line = draw("line", { x1: 1, x2: 15, y1: 5, y2: 5, stroke: colour, "stroke-width": 3, "stroke-linecap": "butt" });
  if (runDash(run.index) !== "solid") line.setAttribute("stroke-dasharray", "4 2");
  return draw("svg", { class: "swatch", width: 16, height: 10, "aria-hidden": "true" }, line);
}

/** Words instead of a picture, or none. @param {HTMLElement} note @param {HTMLElement} picture @param {string} words */
export function sayInstead(note, picture, words) {
  put(note, words).hidden = !words;
  picture.hidden = Boolean(words);
}

/** A number of a metric as a person reads it. @param {number | null | undefined} value @param {string} metric */
export function shown(value, metric) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (metric.includes("active")) return `${Number(value.toFixed(1))}`;
  if (metric.includes("perplexity")) return value.toFixed(2);
  return Math.abs(value) >= 1e-3 || value === 0 ? value.toFixed(4) : value.toExponential(1).replace("e-", "e−");
}
