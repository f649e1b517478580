/** What can be done with pictures, by keys and by buttons alike: each says what it did, and how to undo it. */

/** @import {Picture} from '../types.js' */

import { choices, PICKED, REJECTED } from '../data/choices.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const tell = (/** @type {Error} */ error) => say(error.message);

export async function undo() {
  await choices.undo().catch(tell);
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
  else if (key === 'delete' || key === 'backspace') bin(pictures, true);
  else return false;
  return true;
}
