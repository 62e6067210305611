/** The colour map “viridis” (van der Walt and Smith 2015): even steps of lightness, with any colour vision. */

const STOPS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"].map((hex) =>
  [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)),
);

export const GRADIENT = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop})`).join(", ")})`;

/** @param {number} share 0..1 @returns {{ ground: string, ink: string }} a colour, and what can be read on it */
export function shade(share) {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const low = Math.min(Math.floor(place), STOPS.length - 2);
  const rgb = STOPS[low].map((value, i) => Math.round(value + (place - low) * (STOPS[low + 1][i] - value)));
  const light = (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255;
  return { ground: `rgb(${rgb})`, ink: light > 0.52 ? "#10151c" : "#ffffff" };
}
