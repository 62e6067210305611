/**
 * Colours of runs. The light ones are those of exported figures (explorer/palette.py); the dark ones have the same hues.
 * Both were found by search: any two differ, with normal, protan, deutan or tritan eyes, as much as they can, the first few
 * most. Sixteen are still more than colour alone can tell apart: from the ninth on lines are dashed, and a name is near.
 */

export const RUN_COLOURS = {
  light: [
    "#001ed2", "#d2a500", "#871e00", "#a569f0", "#5ab4c3", "#e10f0f", "#2d78b4", "#ff7896",
    "#a53c78", "#5a2d96", "#004b4b", "#e100b4", "#781eff", "#a57869", "#ff78ff", "#3c7800",
  ],
  dark: [
    "#6675f0", "#fce430", "#b45430", "#cc90fc", "#9cf0fc", "#fc7854", "#54a8d8", "#d83c6c",
    "#cc6c9c", "#906cc0", "#30d8d8", "#b4549c", "#a878f0", "#f0a89c", "#f078cc", "#9cd80c",
  ],
};

const SOLID = 8;
const COUNT = RUN_COLOURS.light.length;

/** A run's colour. @param {number} index from 0; beyond the last they begin anew @param {boolean} dark */
export const runColour = (index, dark) => RUN_COLOURS[dark ? "dark" : "light"][index % COUNT];

/** A run's line, by Plotly's name for it. @param {number} index */
export const runDash = (index) => (index % COUNT < SOLID ? "solid" : "dash");
