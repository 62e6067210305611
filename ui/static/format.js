/** Numbers as a person reads them, and texts put in place. */

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {number} value */
export const whole = (value) => WHOLE.format(value);

/** @param {number} value in 0..1 */
export const percent = (value) => `${(100 * value).toFixed(value > 0 && value < 0.0995 ? 1 : 0)}%`;

/** @param {number | null | undefined} value @param {number} digits after the point */
export const fixed = (value, digits) => (value == null ? "–" : value.toFixed(digits));

/** A loss weight: two digits more than it needs are noise, but none that was typed is lost. @param {number} value */
export function weight(value) {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential().replace("e-", "e−");
  return value >= 1e4 ? WHOLE.format(value) : `${value}`;
}

/** A tick of an axis. @param {number} value @param {number} step */
export function tick(value, step) {
  if (step >= 1e4 || step < 1e-4) return (Math.abs(value) < step / 2 ? "0" : value.toExponential(1)).replace("-", "−").replace("e+", "e");
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (Math.abs(value) < step / 2 ? 0 : value).toFixed(Math.min(digits, 6)).replace("-", "−");
}

/** "a", "a and b", "a, b and c". @param {string[]} words */
export const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

/** Writes only what differs: an unchanged text costs no layout. @param {HTMLElement} element @param {string} text */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
  return element;
}

/** The same for an attribute, which else costs a recalculation of styles. @param {Element} element @param {string} name @param {string} value */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** The same for whether it shows. @param {HTMLElement} element @param {boolean} hidden */
export function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}
