/** What there is to paint with: models, samplers, schedules, aspect ratios. Read once; says `change` when it is there. */

/** @import {Card} from '../types.js' */

import * as client from './client.js';

class Catalog extends EventTarget {
  /** Those first that are ready to paint. @type {Card[]} */
  cards = [];

  /** The model that is used when none is named. */
  model = '';

  /** @type {Set<string>} models ready to paint */
  here = new Set();

  /** @type {string[]} */
  ratios = [];

  /** @type {string[]} */
  samplers = [];

  /** @type {string[]} */
  schedules = [];

  async load() {
    const [cards, choices] = await Promise.all([client.models(), client.choices()]);
    this.model = choices.model;
    this.here = new Set(choices.models_here);
    const rank = (/** @type {Card} */ { name }) => (name === this.model ? 0 : this.here.has(name) ? 1 : 2);
    this.cards = cards.sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title));
    this.ratios = choices.aspect_ratios;
    this.samplers = choices.samplers;
    this.schedules = choices.schedules;
    this.dispatchEvent(new Event('change'));
  }

  /** A model's card; of none, or of one that is gone, that of the model used when none is named. @param {string} [name] */
  card(name) {
    const find = (/** @type {string | undefined} */ wanted) => this.cards.find((card) => card.name === wanted);
    return find(name) ?? find(this.model);
  }
}

/** Whether a card speaks of all these words. @param {Card} card @param {string} text */
export function fits(card, text) {
  const { name, title, about, knows, best_for, licence } = card;
  const said = [name, title, about, knows, licence, ...best_for].join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

export const catalog = new Catalog();
