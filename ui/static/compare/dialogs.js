/** Questions that need an answer, and words that pass: the browser's own dialog and popovers. */
import { make } from "./parts.js";

/**
 * @param {HTMLDialogElement} dialog
 * @param {{ title: string, text?: string, fields?: { name: string, label: string, value: string, type?: string, max?: string }[], yes: string }} question
 * @returns {Promise<Record<string, string> | null>} the fields' values; null if it was called off
 */
export function ask(dialog, { title, text = "", fields = [], yes }) {
  return new Promise((resolve) => {
    const inputs = fields.map(({ name, label, value, type = "text", max }) => {
      const input = make("input", { type, name, value, step: "any", ...(max ? { maxlength: max } : {}), "data-testid": `dialog-${name}` });
      return make("label", { class: "field" }, make("span", {}, label), input);
    });
    const no = make("button", { type: "button", class: "act" }, "Cancel");
    const go = make("button", { type: "submit", class: "act primary", "data-testid": "dialog-yes" }, yes);
    const form = make("form", { method: "dialog" }, make("h2", {}, title), make("p", {}, text), ...inputs, make("p", { class: "acts" }, no, go));
    /** @type {Record<string, string> | null} */
    let answer = null;
    no.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", () => {
      answer = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, `${value}`]));
    });
    dialog.onclose = () => resolve(answer);
    dialog.replaceChildren(form);
    dialog.showModal();
    (form.querySelector("input") ?? go).focus();
  });
}
