/**
 * Choosing among pictures: selected ones, ratings, picked and rejected, trash; each can be undone.
 *
 * Picked and rejected are tags, so that every client of the server sees them.
 *
 * @import {Picture} from '../types.js'
 */

import * as client from './client.js';
import { boards } from './boards.js';
import { library } from './library.js';

const MOST_UNDO = 50;

/** @typedef {'picked' | 'rejected'} Mark */

/** @type {Mark} */
export const PICKED = 'picked';

/** @type {Mark} */
export const REJECTED = 'rejected';

/** Says `change` when the selection changed. */
class Choices extends EventTarget {
  /** @type {Map<number, Picture>} */
  selected = new Map();

  /** @type {(() => Promise<void>)[]} */
  undos = [];

  /** @param {Picture} picture @param {boolean} [on] */
  select(picture, on = !this.selected.has(picture.id)) {
    if (on) this.selected.set(picture.id, picture);
    else this.selected.delete(picture.id);
    this.changed();
  }

  /** Selects these too. @param {Picture[]} pictures */
  add(pictures) {
    for (const picture of pictures) this.selected.set(picture.id, picture);
    this.changed();
  }

  clear() {
    this.selected.clear();
    this.changed();
  }

  /** @param {Picture[]} pictures @param {number} rating 0 to 5 */
  rate(pictures, rating) {
    return this.change(pictures, () => ({ rating }));
  }

  /** @param {Picture[]} pictures @param {'picked' | 'rejected' | null} mark */
  mark(pictures, mark) {
    return this.change(pictures, ({ tags }) => ({
      tags: [...tags.filter((tag) => tag !== PICKED && tag !== REJECTED), ...(mark ? [mark] : [])],
    }));
  }

  /** @param {Picture[]} pictures @param {(picture: Picture) => {rating?: number, tags?: string[]}} changes */
  async change(pictures, changes) {
    const before = pictures.map(({ id, rating, tags }) => ({ id, rating, tags }));
    this.undos.push(async () => void (await Promise.all(before.map(({ id, ...was }) => this.put(id, was)))));
    this.undos.splice(0, this.undos.length - MOST_UNDO);
    await Promise.all(pictures.map((picture) => this.put(picture.id, changes(picture))));
  }

  /** Shown at once; taken back if the server refuses. @param {number} id @param {{rating?: number, tags?: string[]}} fields */
  async put(id, fields) {
    const row = library.rows[library.indexOf(id)];
    const before = row && { rating: row.rating, tags: row.tags };
    library.put(id, fields);
    try {
      library.put(id, await client.markPicture(id, fields));
    } catch (error) {
      if (before) library.put(id, before);
      throw error;
    }
  }

  /** Puts a tag on all of them, or takes it off where all have it. @param {Picture[]} pictures @param {string} tag */
  tag(pictures, tag) {
    const all = pictures.every(({ tags }) => tags.includes(tag));
    return this.change(pictures, ({ tags }) => ({
      tags: all ? tags.filter((one) => one !== tag) : [...new Set([...tags, tag])],
    }));
  }

  /** @param {Picture[]} pictures @param {import('../types.js').Board} board @param {boolean} on lay on it, or take from it */
  async lay(pictures, board, on) {
    const ids = pictures.map(({ id }) => id);
    await boards.lay(board, ids, on);
    if (!on && library.search.board === board.id) library.take(new Set(ids));
    this.undos.push(async () => {
      await boards.lay(board, ids, !on);
      if (library.search.board === board.id) await library.reload();
    });
  }

  /** @param {Picture[]} pictures @param {boolean} away into the trash, or out of it */
  async bin(pictures, away) {
    const ids = new Set(pictures.map(({ id }) => id));
    await Promise.all([...ids].map((id) => client.markPicture(id, { trashed: away })));
    for (const id of ids) this.selected.delete(id);
    library.take(ids);
    this.changed();
    this.undos.push(async () => {
      await Promise.all([...ids].map((id) => client.markPicture(id, { trashed: !away })));
      await library.reload();
    });
  }

  /** Takes the last change back; false if there is none. */
  async undo() {
    const undo = this.undos.pop();
    await undo?.();
    return undo !== undefined;
  }

  changed() {
    this.dispatchEvent(new Event('change'));
  }
}

export const choices = new Choices();
