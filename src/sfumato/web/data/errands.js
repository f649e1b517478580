/**
 * Long work beside painting: what is fetched and taught, and how far it is. Looked at while a page shows it, and often
 * while some is under way. Says `change`, and `ended` with an errand that has.
 *
 * @import {Errand} from '../types.js'
 */

import * as client from './client.js';

const OFTEN = 700; // milliseconds between two looks

class Errands extends EventTarget {
  /** The newest first. @type {Errand[]} */
  all = [];

  timer = 0;

  /** @type {Map<string, {at: number, done: number}>} where each was when it was first seen under way */
  seen = new Map();

  async load() {
    clearTimeout(this.timer);
    const before = new Map(this.all.map((errand) => [errand.id, errand.state]));
    this.all = await client.errands();
    for (const errand of this.all) {
      const was = before.get(errand.id);
      if (was && was !== errand.state && !isOpen(errand))
        this.dispatchEvent(new CustomEvent('ended', { detail: errand }));
      if (errand.of && !this.seen.has(errand.id + errand.what))
        this.seen.set(errand.id + errand.what, { at: Date.now(), done: errand.done });
    }
    this.dispatchEvent(new Event('change'));
    if (this.all.some(isOpen)) this.timer = setTimeout(() => this.load().catch(() => {}), OFTEN);
  }

  /** The last one of a kind for a name. @param {string} kind @param {string} name */
  of(kind, name) {
    return this.all.find((errand) => errand.kind === kind && errand.name === name);
  }

  /** Seconds that are left of what is being done; null: not known yet. @param {Errand} errand */
  left(errand) {
    const first = this.seen.get(errand.id + errand.what);
    const done = first ? errand.done - first.done : 0;
    if (!first || done <= 0) return null;
    return ((Date.now() - first.at) / 1000 / done) * (errand.of - errand.done);
  }

  /** @param {Promise<unknown>} wish what is asked of the server; looked at when it has answered */
  async after(wish) {
    await wish;
    await this.load();
  }
}

/** @param {Errand} errand */
export const isOpen = ({ state }) => state === 'waiting' || state === 'running';

export const errands = new Errands();
