/** The settings that all runs of a comparison share, as fields in groups: what is common first, the rest behind a second fold. */
import { make } from "./parts.js";

/** @typedef {{ label: string, help: string, default: number | string, ways?: Record<string, string>, sizes?: boolean }} Setting */

/** @param {any} settings of the page */
export function sharedFields(settings) {
  const { axes, live: { "": main, ...live }, fixed: { "": common, ...fixed } } = settings;
  const some = (/** @type {string[]} */ names) => names.map((name) => field(name, axes[name]));
  const finer = Object.entries({ ...fixed, ...live }).map(([head, names]) =>
    make("fieldset", { class: "fields" }, make("legend", {}, head), ...some(/** @type {string[]} */ (names))));
  return make(
    "details", {}, make("summary", {}, "Settings that all runs share"),
    make("div", { class: "fields" }, ...some(common), datasetField(settings), ...some(main)),
    make("details", { class: "finer", "data-testid": "begin-finer" }, make("summary", {}, "Losses and quantizer"), ...finer),
  );
}

/** @param {string} name @param {Setting} setting */
function field(name, setting) {
  const { label, help, default: value, ways, sizes } = setting;
  const input = ways
    ? waysOf(name, ways, /** @type {string} */ (value))
    : make("input", { type: sizes ? "text" : "number", name, value: `${value}`, step: "any", "data-testid": `begin-${name}` });
  return make("label", { class: "field", title: help }, make("span", {}, label), input);
}

/** A menu of ways. @param {string} name @param {Record<string, string>} ways @param {string} chosen */
function waysOf(name, ways, chosen) {
  const select = make("select", { name, "data-testid": `begin-${name}` });
  for (const [way, help] of Object.entries(ways)) select.append(make("option", { value: way, title: help }, way.replaceAll("_", " ")));
  select.value = chosen;
  return select;
}

/** @param {any} settings */
function datasetField(settings) {
  const select = make("select", { name: "dataset", "data-testid": "begin-dataset" });
  for (const name of settings.datasets) select.append(make("option", { value: name }, name));
  select.value = settings.dataset;
  return make("label", { class: "field" }, make("span", {}, "data set"), select);
}

/** What a field says, as a config has it. @param {FormData} data @param {string} name @param {Setting} setting */
export function valueIn(data, name, { ways, sizes }) {
  const text = `${data.get(name) ?? ""}`;
  if (ways || sizes) return text;
  return text === "" ? null : Number(text);
}
