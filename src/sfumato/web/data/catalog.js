/** What there is to paint with: models, samplers, schedules, aspect ratios. Read once; says `change` when it is there. */

/** @import {Card} from '../types.js' */

import * as client from './client.js';

class Catalog extends EventTarget {
  /** @type {Card[]} */
  cards = [];

  /** @type {string[]} */
  ratios = [];

  /** @type {string[]} */
  samplers = [];

  /** @type {string[]} */
  schedules = [];

  async load() {
    const [cards, choices] = await Promise.all([client.models(), client.choices()]);
    this.cards = cards;
    this.ratios = choices.aspect_ratios;
    this.samplers = choices.samplers;
    this.schedules = choices.schedules;
    this.dispatchEvent(new Event('change'));
  }

  /** A model's card; of none, the first one's, which is used when none is named. @param {string} [name] */
  card(name) {
    return this.cards.find((card) => card.name === name) ?? this.cards[0];
  }
}

export const catalog = new Catalog();
