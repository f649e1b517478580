/** What there is to paint with: models, LoRA, looks, samplers, schedules, aspect ratios. Says `change` when it is there. */

/**
 * @import {Card, Listing, Look, Lora} from '../types.js'
 * @import {Parts} from './fields.js'
 */

import * as client from './client.js';

class Catalog extends EventTarget {
  /** Those first that are ready to paint. @type {Card[]} */
  cards = [];

  /** What is not painted with by itself. @type {Listing[]} */
  listings = [];

  /** The model that is used when none is named. */
  model = '';

  /** @type {Set<string>} models and listings whose weights are here */
  here = new Set();

  /** @type {string[]} */
  ratios = [];

  /** @type {Parts} */
  parts = { samplers: [], schedules: [] };

  /** By noise scale. @type {Record<string, Parts>} */
  fitting = {};

  /** @type {Lora[]} */
  loras = [];

  /** @type {Look[]} */
  looks = [];

  async load() {
    const listings = client.listings();
    listings.catch(() => {}); // waited for below
    const [cards, choices, loras, looks] = await Promise.all([
      client.models(),
      client.choices(),
      client.loras(),
      client.looks(),
    ]);
    this.loras = loras;
    this.looks = looks;
    this.model = choices.model;
    this.here = new Set(choices.models_here);
    const rank = (/** @type {Card} */ { name }) => (name === this.model ? 0 : this.here.has(name) ? 1 : 2);
    this.cards = cards.sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title));
    this.ratios = choices.aspect_ratios;
    this.parts = choices;
    this.fitting = choices.fitting;
    this.dispatchEvent(new Event('change'));
    this.listings = (await listings).sort((a, b) => a.title.localeCompare(b.title));
    this.dispatchEvent(new Event('change'));
  }

  /** The samplers and schedules that go with a model. @param {Card} [card] @returns {Parts} */
  partsOf(card) {
    return (card && this.fitting[card.noise.scale]) ?? this.parts;
  }

  /** A model's card; of none, or of one that is gone, that of the model used when none is named. @param {string} [name] */
  card(name) {
    const find = (/** @type {string | undefined} */ wanted) => this.cards.find((card) => card.name === wanted);
    return find(name) ?? find(this.model);
  }

  /** What a model is called, for people. @param {string} name */
  titled(name) {
    return this.cards.find((card) => card.name === name)?.title ?? name;
  }
}

/** Bytes that a model's weights take in memory at 16 bits a number; null: not known. On the disk it is about the same. @param {Card | Listing} card */
export function needs(card) {
  if ('memory' in card) return card.memory;
  const { parameters, beside, unknown } = card;
  const others = Object.values(beside);
  if (parameters === null || ('beside' in unknown && others.length === 0)) return null;
  return 2 * others.reduce((sum, n) => sum + n, parameters);
}

/** Licences that ask for no more than to be kept with what is passed on. */
const FREE = new Set(['Apache-2.0', 'MIT']);

/** Whether its licence is to be read before it is fetched. @param {Card | Listing} card */
export const asksFirst = ({ licence, gated }) => gated || !FREE.has(licence);

/** The LoRA that fit a model. @param {Card} card @param {Lora[]} loras */
export const fitting = (card, loras) =>
  card.adaptable === null
    ? []
    : loras.filter(({ base, problem }) => !problem && (!base || base === card.name || card.bases.includes(base)));

/** Whether a card speaks of all these words. @param {Card | Listing} card @param {string} text */
export function fits(card, text) {
  const { name, title, about, knows, best_for, licence } = card;
  const beside = 'goes_with' in card ? [card.kind, ...card.goes_with] : (card.controls ?? []);
  const said = [name, title, about, knows, licence, ...best_for, ...beside].join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

export const catalog = new Catalog();
