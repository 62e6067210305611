/**
 * The server's compact JSON (ui/payload.py) as typed arrays.
 *
 * @typedef {object} View
 * @property {number} levels L
 * @property {number} size K, codes a level
 * @property {number} points P, probe images
 * @property {Float32Array} codebooks [L][K][2]
 * @property {Float32Array} latents [P][2]
 * @property {Uint8Array | Uint16Array} assigned [P][L] index of the code chosen
 * @property {Int32Array} counts [L][K] choices in the window
 * @property {boolean[]} dead [L][K]
 * @property {number[]} active codes in use, a level
 * @property {number[]} perplexity a level
 * @property {number} window batches counted
 * @property {number} threshold share below which a code is dead
 * @property {Uint8ClampedArray} reconstructions [S][H][W]
 * @property {number | null} probeMse
 *
 * @typedef {object} Fixed
 * @property {Uint8Array} labels [P]
 * @property {Uint8ClampedArray} inputs [S][H][W]
 * @property {number} shown S
 * @property {number} height H
 * @property {number} width W
 */

const GREYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const GREY_OF_LETTER = new Uint8Array(128);
[...GREYS].forEach((letter, i) => (GREY_OF_LETTER[letter.charCodeAt(0)] = Math.round((i * 255) / 63)));

/** @param {string} text base64 */
function buffer(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes.buffer;
}

/** @param {{ scale: number, data: string }} packed */
const scaled = (packed) => Float32Array.from(new Int16Array(buffer(packed.data)), (value) => value * packed.scale);

/** @param {string} text */
export const floats = (text) => new Float32Array(buffer(text));

/** @param {string} text */
export const integers = (text) => new Int32Array(buffer(text));

/** @param {string} text one letter a pixel */
function greys(text) {
  const pixels = new Uint8ClampedArray(text.length);
  for (let i = 0; i < text.length; i++) pixels[i] = GREY_OF_LETTER[text.charCodeAt(i)];
  return pixels;
}

/** @param {any} raw @returns {View} */
export function decodeView(raw) {
  const latents = scaled(raw.latents);
  const assigned = buffer(raw.assigned);
  return {
    levels: raw.levels,
    size: raw.codes,
    points: latents.length / 2,
    codebooks: scaled(raw.codebooks),
    latents,
    assigned: raw.codes <= 256 ? new Uint8Array(assigned) : new Uint16Array(assigned),
    counts: integers(raw.counts),
    dead: [...raw.dead].map((letter) => letter === "1"),
    active: raw.active,
    perplexity: raw.perplexity,
    window: raw.window,
    threshold: raw.threshold,
    reconstructions: greys(raw.reconstructions),
    probeMse: raw.probe_mse,
  };
}

/** @param {any} raw @returns {Fixed} */
export function decodeFixed(raw) {
  const { shown, height, width } = raw;
  return { labels: new Uint8Array(buffer(raw.labels)), inputs: greys(raw.inputs), shown, height, width };
}
