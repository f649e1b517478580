/**
 * How long a picture takes, learned from those that were painted: seconds a step and a pixel, by model, later ones
 * counting more. Kept in this browser.
 *
 * @import {Job, Order, Picture, Recipe} from '../types.js'
 */

import { catalog } from './catalog.js';
import { keep, kept } from './store.js';

const OLD = 0.7; // how much what was known counts beside a new picture

/** @type {() => Record<string, number>} */
const paces = () => kept('pace', {});

/** About the share of its steps that a model is asked for, where some are foretold. @param {number | undefined} cache */
const askedFor = (cache) => (cache ? 0.55 : 1);

/** @param {Recipe} recipe */
const work = (recipe) =>
  recipe.steps *
  askedFor(recipe.cache) *
  (recipe.painted_width ?? recipe.width) *
  (recipe.painted_height ?? recipe.height);

/** @param {Picture} picture */
export function learn({ recipe, seconds }) {
  const known = paces();
  const now = seconds / work(recipe);
  const before = known[recipe.model];
  keep('pace', { ...known, [recipe.model]: before === undefined ? now : before * OLD + now * (1 - OLD) });
}

/** Of models not seen in this browser, what the library says. @param {Picture[]} pictures */
export function learnFrom(pictures) {
  const known = paces();
  for (const picture of pictures) if (!(picture.recipe.model in known) && picture.seconds > 0) learn(picture);
}

/** Seconds that a picture of this recipe takes; null: not known. @param {Recipe} recipe */
const seconds = (recipe) => {
  const pace = paces()[recipe.model];
  return pace === undefined ? null : pace * work(recipe);
};

/** Seconds that one picture of an order will probably take; 0 before one of its model was painted. @param {Order} order */
export function estimate(order) {
  const card = catalog.card(order.model);
  const pace = card && paces()[card.name];
  if (!pace) return 0;
  const { default: usual, shape, best } = card.sizes;
  const asked = order.width && order.height ? order.width * order.height : (order.megapixels ?? 0) * 1e6;
  const steps = (order.steps ?? card.steps.default) * askedFor(order.cache);
  return pace * steps * (shape === 'square' ? best ** 2 : asked || usual[0] * usual[1]);
}

/** Seconds until everything that is ordered is painted, as far as that is known. @param {Job[]} open */
export function ahead(open) {
  return open
    .filter(({ state }) => state !== 'paused')
    .flatMap(({ recipes, pictures, dropped }) => recipes.slice(pictures.length + dropped.length))
    .reduce((sum, recipe) => sum + (seconds(recipe) ?? 0), 0);
}
