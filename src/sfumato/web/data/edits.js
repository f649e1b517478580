/**
 * Changing a picture on the canvas: the ways there are, the order each makes, and what was ordered of a picture.
 *
 * @import {Job, Order, Picture} from '../types.js'
 * @import {Mask} from './mask.js'
 *
 * @typedef {'inpaint' | 'erase' | 'scene' | 'outpaint' | 'pose'} WayName
 * @typedef {[number, number, number, number]} Margins new pixels at the left, top, right and bottom
 *
 * @typedef {object} Way
 * @property {'mask' | 'mark' | 'frame' | 'pose'} by a mask that may be empty, one that may not, the page's frame, or a skeleton
 * @property {'needed' | 'asked' | 'none'} words whether it takes a prompt
 * @property {'strength' | 'match' | 'weight'} slider
 * @property {number} usual where the slider stands; nothing is sent before it is moved
 */

import * as client from './client.js';
import { jobs } from './jobs.js';
import { kindOfControl } from './naming.js';
import { keep, kept } from './store.js';
import { t } from '../texts.js';

/** @type {Record<WayName, Way>} */
export const WAYS = {
  inpaint: { by: 'mask', words: 'needed', slider: 'strength', usual: 1 },
  erase: { by: 'mark', words: 'none', slider: 'strength', usual: 0.5 },
  scene: { by: 'mask', words: 'needed', slider: 'match', usual: 0 },
  outpaint: { by: 'frame', words: 'asked', slider: 'strength', usual: 1 },
  pose: { by: 'pose', words: 'needed', slider: 'weight', usual: 1 },
};

/** @typedef {{name: string, needs: string[], keeps: boolean}} Operation see http/shapes/operations.py */

/** @type {Promise<Map<string, Operation>> | undefined} */
let known;

/** What can be done, by name; read once. */
export function operations() {
  known ??= client.operations().then((all) => new Map(all.map((one) => [one.name, one])));
  return known;
}

/**
 * How many pixels changed of what was to stay; null where nothing was, or where later steps may change all of it.
 *
 * @param {Picture} picture
 */
export async function changedOutside({ id, recipe }) {
  const keeps = (await operations()).get(recipe.operation)?.keeps;
  if (!keeps || !recipe.finish.every((step) => step.startsWith('background:'))) return null;
  return (await client.outside(id)).changed_pixels;
}

/**
 * What a picture is laid over to be compared: what it was made from, or the control picture that it follows; null: words
 * alone.
 *
 * @param {Picture} picture
 * @returns {{address: string, name: string} | null}
 */
export function besides({ id, recipe }) {
  if (recipe.start) return { address: client.beforeOf(id), name: t.slide.before };
  const [control] = recipe.controls ?? [];
  return control ? { address: client.inputFile(control.picture), name: kindOfControl(control.kind) } : null;
}

/** @typedef {number | string} Base a picture's number in the library, or the name of an upload */

/** @param {string} what as in an address @returns {Base} */
export const baseOf = (what) => (/^\d{1,18}$/.test(what) ? Number(what) : what);

/** Where its pixels are. @param {Base} base */
export const fileOfBase = (base) => (typeof base === 'number' ? client.fileOf(base) : client.inputFile(base));

/**
 * The order that a way makes of what was drawn; the mask is sent first.
 *
 * @param {WayName} name
 * @param {Base} base
 * @param {{mask: Mask, image: HTMLImageElement, margins: Margins, pose: () => Promise<Blob>}} drawn
 * @param {Order & {weight?: number}} wish prompt, n, model, strength, match or weight
 * @returns {Promise<Order>}
 */
export async function orderOf(name, base, { mask, image, margins, pose }, { weight = 1, ...wish }) {
  if (name === 'pose') {
    const { id } = await client.upload(await pose());
    const { naturalWidth: width, naturalHeight: height } = image;
    return { ...wish, width, height, controls: [`pose:${id}:${weight}:ready`] };
  }
  if (name === 'outpaint') return { ...wish, operation: name, start: base, margins };
  const marked = !mask.isEmpty;
  if (name === 'scene') {
    const start = marked ? (await client.upload(await mask.cut(image))).id : base;
    return { ...wish, operation: name, start };
  }
  if (!marked) return { ...wish, operation: 'image-to-image', start: base };
  const { id } = await client.upload(await mask.png());
  return { ...wish, operation: name, start: base, mask: id, mask_polarity: 'white' };
}

const MOST_KEPT = 40; // pictures whose orders are remembered

/** What was ordered of one picture. */
export class Edits {
  /** @param {Base} base */
  constructor(base) {
    this.base = base;
    /** @type {string[]} jobs, the newest first */
    this.ids = kept('edits', /** @type {Record<string, string[]>} */ ({}))[base] ?? [];
    /** @type {Picture[]} that came of it in other ways, or before this browser */
    this.others = [];
  }

  /** Reads what came of it before. */
  async load() {
    if (typeof this.base === 'number') this.others = (await client.lineage(this.base)).became;
  }

  /** @param {Order} order */
  async order(order) {
    const job = await jobs.order(order);
    this.ids = [job.id, ...this.ids];
    const { [this.base]: _, ...rest } = kept('edits', /** @type {Record<string, string[]>} */ ({}));
    keep(
      'edits',
      Object.fromEntries([[this.base, this.ids.slice(0, 20)], ...Object.entries(rest)].slice(0, MOST_KEPT)),
    );
    return job;
  }

  /** The orders that are known here, the newest first. @returns {Job[]} */
  get jobs() {
    return this.ids.map((id) => jobs.all.get(id)).filter((job) => job !== undefined);
  }

  /** All that came of it, the newest first. @returns {Picture[]} */
  get pictures() {
    const all = new Map(this.others.map((picture) => [picture.id, picture]));
    for (const job of this.jobs) for (const picture of job.pictures) all.set(picture.id, picture);
    return [...all.values()].sort((a, b) => b.id - a.id);
  }
}
