/**
 * The server's compact JSON (ui/payload.py) as typed arrays.
 *
 * @typedef {object} View
 * @property {number} levels L
 * @property {number} size K, codes of the largest level: arrays have room for as many at each
 * @property {number[]} sizes codes of each level; what lies beyond a level's own size is no code
 * @property {number} points P, probe images
 * @property {number} dims of the latent space; beyond 2 everything is shown in a plane of it
 * @property {number | null} explained the share of the latents' variance in that plane
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
 * @typedef {object} Diagnosis of a snapshot
 * @property {number} version of that snapshot
 * @property {(number | null)[]} residualRatio a level
 * @property {number} tuples of codes in use in the window
 * @property {Float32Array} motion [L][K] smoothed gradient norm, or EMA move, of each code
 * @property {Uint8ClampedArray[] | null} byLevel [L-1] of [S][H][W]: the shown images from the codes up to each level but the last
 * @property {number[]} byLevelMse of the shown images, from the codes up to each level; empty where these are not asked for
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
export const scaled = (packed) => Float32Array.from(new Int16Array(buffer(packed.data)), (value) => value * packed.scale);

/** @param {string} text */
export const floats = (text) => new Float32Array(buffer(text));

/** @param {string} text */
export const integers = (text) => new Int32Array(buffer(text));

/** Parts of a whole, in 0..1. @param {string} text */
export const parts = (text) => Float32Array.from(new Uint16Array(buffer(text)), (value) => value / 65535);

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
    sizes: raw.sizes,
    points: latents.length / 2,
    dims: raw.dims,
    explained: raw.explained,
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

/** @param {any} raw @returns {Diagnosis} */
export function decodeDiagnosis({ version, residual_ratio, tuples, motion, by_level, by_level_mse }) {
  const byLevel = by_level?.map(greys) ?? null;
  return { version, residualRatio: residual_ratio, tuples, motion: scaled(motion), byLevel, byLevelMse: by_level_mse ?? [] };
}

/** @param {any} raw @returns {Fixed} */
export function decodeFixed(raw) {
  const { shown, height, width } = raw;
  return { labels: new Uint8Array(buffer(raw.labels)), inputs: greys(raw.inputs), shown, height, width };
}
