/**
 * Colours of runs. The light ones are those of exported figures (explorer/palette.py); the dark ones have the same hues.
 * Both were found by search: any two differ, with normal, protan, deutan or tritan eyes, as much as they can, the first few
 * most. Sixteen are still more than colour alone can tell apart: from the ninth on lines are dashed, and a name is near.
 */

export const RUN_COLOURS = {
  light: [
    "#0f0fff", "#ff3c00", "#2d3c0f", "#0096c3", "#5a4b87", "#a56987", "#c35aff", "#c3004b",
    "#0f695a", "#a500c3", "#78004b", "#784b00", "#969669", "#002d96", "#ff2db4", "#2d960f",
  ],
  dark: [
    "#306cf0", "#e43c18", "#c0cc00", "#48d8fc", "#9c9cf0", "#c0849c", "#9054c0", "#cc486c",
    "#00846c", "#c060b4", "#f090b4", "#d89024", "#e4f00c", "#2490fc", "#f06ccc", "#a8e484",
  ],
};

const SOLID = 8;
const COUNT = RUN_COLOURS.light.length;

/** A run's colour. @param {number} index from 0; beyond the last they begin anew @param {boolean} dark */
export const runColour = (index, dark) => RUN_COLOURS[dark ? "dark" : "light"][index % COUNT];

/** A run's line, by Plotly's name for it. @param {number} index */
export const runDash = (index) => (index % COUNT < SOLID ? "solid" : "dash");
