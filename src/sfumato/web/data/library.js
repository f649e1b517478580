/**
 * The pictures that fit a search, read page by page as they are looked at. Says `change` when some came or changed.
 *
 * @import {Picture} from '../types.js'
 * @import {Search} from './client.js'
 */

import * as client from './client.js';

const PAGE = 100;

class Library extends EventTarget {
  /** @type {Search} */
  search = {};

  /** How many fit; -1 before that is known. */
  total = -1;

  /** @type {(Picture | undefined)[]} by place, the newest first */
  rows = [];

  /** Pages that are asked for, or here. @type {Map<number, Promise<void>>} */
  asked = new Map();

  /** Grows with every new search, so that late answers to old ones are not taken. */
  round = 0;

  /** Whether not all of the library is shown. */
  get searching() {
    return Object.values(this.search).some(Boolean);
  }

  /** @param {Search} search */
  find(search) {
    this.search = search;
    return this.reload();
  }

  /** Reads the beginning again; what is shown stays until then. */
  async reload() {
    const round = ++this.round;
    const [found, count] = await Promise.all([
      client.findPictures(this.search, 0, PAGE),
      client.countPictures(this.search),
    ]);
    if (round !== this.round) return;
    this.asked = new Map([[0, Promise.resolve()]]);
    this.rows = [];
    this.total = Math.max(count, found.length);
    this.add(0, found);
  }

  /** The pictures from one place to another, as far as they are here; the others are fetched. @param {number} from @param {number} to */
  window(from, to) {
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) this.fetch(page);
    return this.rows.slice(from, to);
  }

  /** All that fit, but no more than so many; fetches those that are not here yet. @param {number} most */
  async all(most) {
    const pages = Math.ceil(Math.min(most, this.total) / PAGE);
    await Promise.all(Array.from({ length: pages }, (_, page) => this.fetch(page)));
    return this.rows.slice(0, most).filter((row) => row !== undefined);
  }

  /** @param {number} page */
  fetch(page) {
    const asked = this.asked.get(page) ?? (page * PAGE < this.total ? this.read(page) : Promise.resolve());
    if (page * PAGE < this.total) this.asked.set(page, asked);
    return asked;
  }

  /** @param {number} page */
  async read(page) {
    const { round } = this;
    try {
      const found = await client.findPictures(this.search, page * PAGE, PAGE);
      if (round !== this.round) return;
      this.add(page, found);
    } catch {
      if (round === this.round) this.asked.delete(page);
    }
  }

  /** @param {number} page @param {Picture[]} found */
  add(page, found) {
    found.forEach((picture, i) => (this.rows[page * PAGE + i] = picture));
    this.changed();
  }

  /** @param {number} id */
  indexOf(id) {
    return this.rows.findIndex((row) => row?.id === id);
  }

  /** A picture that was just painted comes first; where something is searched for, the server says whether it fits. @param {Picture} picture */
  async meet(picture) {
    if (this.searching) return this.rows.length <= PAGE ? this.reload() : undefined;
    if (this.total < 0 || this.indexOf(picture.id) >= 0) return;
    this.rows.unshift(picture);
    this.total += 1;
    this.changed();
  }

  /** Changes what is known of a picture here. @param {number} id @param {Partial<Picture>} fields */
  put(id, fields) {
    const row = this.rows[this.indexOf(id)];
    if (row) Object.assign(row, fields);
    this.changed();
  }

  /** Takes pictures out of what is shown. @param {Set<number>} ids */
  take(ids) {
    const before = this.rows.length;
    this.rows = this.rows.filter((row) => !row || !ids.has(row.id));
    this.total -= before - this.rows.length;
    const whole = Math.floor(this.rows.length / PAGE); // the pages behind have moved up
    this.asked = new Map([...this.asked].filter(([page]) => page < whole));
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event('change'));
  }
}

export const library = new Library();
