/**
 * Colours of runs. The order matters: of any first n, the two that are most alike differ as much as they can, seen with
 * normal, protan, deutan and tritan eyes; every colour stands out from its ground by 3 : 1. From the ninth on lines are
 * dashed too, and a name is never far, since sixteen colours are more than anybody can keep apart.
 */

export const RUN_COLOURS = {
  light: [
    "#3d5bdb", "#e8590c", "#0f9d76", "#8f2fb5", "#b8860b", "#1c2f66", "#d6336c", "#0c8ec4",
    "#7a3b06", "#5c940d", "#6f7785", "#a3172d", "#0b5345", "#c05fd8", "#8d7f3f", "#4a2a6b",
  ],
  dark: [
    "#7590ff", "#ff8f45", "#2fc99b", "#c77bea", "#e8bd4a", "#9fb4ff", "#ff7ba8", "#4fc3f0",
    "#c98a4f", "#a5d64c", "#a3aebd", "#e85c68", "#4f9e8c", "#e9b3f5", "#d9cf8f", "#9a78d0",
  ],
};

const SOLID = 8;
const COUNT = RUN_COLOURS.light.length;

/** A run's colour. @param {number} index from 0; beyond the last they begin anew @param {boolean} dark */
export const runColour = (index, dark) => RUN_COLOURS[dark ? "dark" : "light"][index % COUNT];

/** A run's line, by Plotly's name for it. @param {number} index */
export const runDash = (index) => (index % COUNT < SOLID ? "solid" : "dash");
