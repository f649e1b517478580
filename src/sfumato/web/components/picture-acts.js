/** What can be done with pictures, by keys and by buttons alike: each says what it did, and how to undo it. */

/** @import {Picture} from '../types.js' */

import * as client from '../data/client.js';
import { choices, PICKED, REJECTED } from '../data/choices.js';
import { jobs } from '../data/jobs.js';
import { library } from '../data/library.js';
import { asked } from '../data/spell.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const MORE = 4; // pictures
const STRENGTH = 0.6; // how much of a picture is painted anew

const tell = (/** @type {Error} */ error) => say(error.message);

export async function undo() {
  await choices.undo().catch(tell);
}

/** Shows what fits; a blank takes a condition away. @param {client.Search} search */
export function find(search) {
  choices.clear();
  library.find({ ...library.search, ...search }).catch(tell);
}

/** @param {Picture[]} pictures @param {'picked' | 'rejected' | null} mark taken off again where all have it */
export function mark(pictures, mark) {
  const all = mark !== null && pictures.every(({ tags }) => tags.includes(mark));
  return choices.mark(pictures, all ? null : mark).catch(tell);
}

/** @param {Picture[]} pictures @param {number} rating */
export const rate = (pictures, rating) => choices.rate(pictures, rating).catch(tell);

/** @param {Picture[]} pictures @param {boolean} away */
export async function bin(pictures, away) {
  try {
    await choices.bin(pictures, away);
    say((away ? t.gallery.binned : t.gallery.restored)(pictures.length), undo);
  } catch (error) {
    tell(/** @type {Error} */ (error));
  }
}

/** @param {Picture[]} pictures two to four */
export function compare(pictures) {
  if (pictures.length < 2 || pictures.length > 4) return say(t.gallery.compareHint);
  location.hash = `#/compare/${pictures.map(({ id }) => id).join(',')}`;
}

/** Takes pictures from a board. @param {Picture[]} pictures @param {import('../types.js').Board} board */
export async function lift(pictures, board) {
  try {
    await choices.lay(pictures, board, false);
    choices.clear();
    say(t.gallery.lifted(pictures.length, board.name), undo);
  } catch (error) {
    tell(/** @type {Error} */ (error));
  }
}

/**
 * Paints more like a picture: the same with other noise nearby; a picture that is a variation itself, or whose model
 * knows no way between noises, is painted anew from what it shows.
 *
 * @param {Picture[]} pictures the first counts
 * @param {{n?: number, amount?: number, from?: 'noise' | 'picture'}} [how] amount: 0, the same, to 1
 */
export async function like([picture], { n = MORE, amount, from } = {}) {
  if (!picture) return;
  const { operation, toward } = picture.recipe;
  const near = from ? from === 'noise' : operation === 'text-to-image' && !toward;
  try {
    const job = await jobs.begin(
      near ? client.vary(picture.id, n, amount) : client.order(anew(picture, n, amount ?? STRENGTH)),
    );
    say(t.gallery.liked(n), () => jobs.tell('cancel', job.id).catch(tell));
  } catch (error) {
    tell(/** @type {Error} */ (error));
  }
}

/** The same change once more, with a fresh seed. @param {Picture} picture */
export async function repeat({ recipe }) {
  const { seed: _, ...order } = asked(recipe);
  try {
    await jobs.order({ ...order, n: 1 });
    say(t.prompt.sent(1));
  } catch (error) {
    tell(/** @type {Error} */ (error));
  }
}

/** The order that paints a picture anew from what it shows. @param {Picture} picture @param {number} n @param {number} strength */
function anew({ id, recipe }, n, strength) {
  const { prompt, negative, model, style } = recipe;
  const said = { prompt, model, negative: negative ?? undefined, style: style ?? undefined };
  return { ...said, operation: 'image-to-image', start: id, strength, n };
}

/** Does what a key stands for. @param {KeyboardEvent} event @param {Picture[]} pictures @returns {boolean} whether it stood for anything */
export function act(event, pictures) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key !== 'z' || event.shiftKey) return false;
    undo();
    return true;
  }
  if (!pictures.length || event.altKey) return false;
  if (/^[0-5]$/.test(key)) rate(pictures, Number(key));
  else if (key === 'p') mark(pictures, PICKED);
  else if (key === 'x') mark(pictures, REJECTED);
  else if (key === 'u') mark(pictures, null);
  else if (key === 'c') compare(pictures);
  else if (key === 'l') like(pictures);
  else if (key === 'delete' || key === 'backspace') bin(pictures, true);
  else return false;
  return true;
}
