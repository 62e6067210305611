/**
 * Colours. The digits' are Petroff's ten (arXiv 2107.02270), made to be told apart with any colour vision; every other
 * colour is one of the page's own and follows its theme.
 */

export const DIGITS = [
  "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
];

/** On a dark ground the darkest ones are lifted. */
const DIGITS_DARK = [
  "#4f9fe8", "#ffb42e", "#e2432a", "#a9b8b6", "#a861da", "#c08370", "#f4802c", "#cbbf86", "#8d92a0", "#92dadd",
];

const NAMES = /** @type {const} */ (["panel", "text", "quiet", "grid", "axis", "code", "on-code", "accent", "bad", "commit", "codebook", "entropy", "transport", "total", "border", "trail", "heat"]);

/** @typedef {Record<(typeof NAMES)[number], string> & { digits: string[], dark: boolean }} Palette */

/** The colours in use now. @param {Element} element @returns {Palette} */
export function palette(element) {
  const style = getComputedStyle(element);
  const dark = document.body.classList.contains("dark");
  const colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--bench-${name}`).trim()]));
  return /** @type {Palette} */ ({ ...colours, digits: dark ? DIGITS_DARK : DIGITS, dark });
}

/** Calls back when the page turns light or dark. @param {() => void} changed @returns {() => void} to stop */
export function onThemeChange(changed) {
  let dark = document.body.classList.contains("dark");
  const observer = new MutationObserver(() => {
    const now = document.body.classList.contains("dark");
    if (now !== dark) changed();
    dark = now;
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  return () => observer.disconnect();
}
