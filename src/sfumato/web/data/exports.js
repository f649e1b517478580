/**
 * Exporting for places: what the server would make of a picture for each, and what a person changed of that.
 *
 * @typedef {{name: string, about: string, width: number, height: number, format: string}} Preset
 *
 * @typedef {[number, number, number, number]} Box left, top, right, bottom: pixels of the picture
 *
 * @typedef {object} Planned a file that would be made; see http/shapes/exports.py
 * @property {string} for the preset
 * @property {number} width
 * @property {number} height
 * @property {string} format
 * @property {'crop' | 'extend' | 'whole'} way
 * @property {string} why
 * @property {Box} box what is kept of the picture
 * @property {{left: number, top: number, right: number, bottom: number}} added pixels of the file
 * @property {string | null} surround how it is extended: paint, ground or blur
 * @property {string | null} painted_by
 * @property {number | null} bytes
 * @property {number} enlarged times
 *
 * @typedef {{width: number, height: number, files: Planned[], warnings: string[]}} Plan
 *
 * @typedef {object} Looks for all files; null: as each place has it
 * @property {string | null} format
 * @property {number | null} quality
 * @property {string} metadata
 * @property {string} surround
 */

import { call, json, sends } from './client.js';

/** @returns {Promise<Preset[]>} */
export const presets = () => json('export-presets');

/** What a person changed for one picture, by place. */
export class Changes {
  /** @type {Record<string, 'crop' | 'extend'>} */
  fits = {};

  /** @type {Record<string, Box>} */
  boxes = {};

  /** @param {string[]} names of places @param {Looks} looks */
  body(names, looks) {
    const of = (/** @type {Record<string, any>} */ all) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
    return { ...looks, presets: names, fits: of(this.fits), boxes: of(this.boxes) };
  }
}

/**
 * @param {number} picture
 * @param {object} body of Changes
 * @param {boolean} measured also how many bytes each file has
 * @returns {Promise<Plan>}
 */
export const plan = (picture, body, measured) =>
  json(`pictures/${picture}/export-plan?measured=${measured}`, sends('POST', body));

/** The files, in one zip. @param {object[]} sets each a body of Changes, with its picture @returns {Promise<Blob>} */
export const made = async (sets) => (await call('exports', sends('POST', { sets }))).blob();

/** A crop moved and made larger or smaller, as far as the picture goes. @param {Box} box @param {{width: number, height: number}} picture @param {{x?: number, y?: number, zoom?: number}} by pixels, and times @returns {Box} */
export function moved([left, top, right, bottom], { width, height }, { x = 0, y = 0, zoom = 1 }) {
  const [wide, tall] = [right - left, bottom - top];
  const scale = Math.min(Math.max(1 / zoom, 16 / Math.min(wide, tall)), width / wide, height / tall);
  const [w, h] = [Math.min(width, Math.round(wide * scale)), Math.min(height, Math.round(tall * scale))];
  const at = (/** @type {number} */ middle, /** @type {number} */ size, /** @type {number} */ most) =>
    Math.round(Math.min(most - size, Math.max(0, middle - size / 2)));
  const [l, t] = [at((left + right) / 2 + x, w, width), at((top + bottom) / 2 + y, h, height)];
  return [l, t, l + w, t + h];
}
