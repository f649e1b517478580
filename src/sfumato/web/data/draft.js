/** The order that is being written in the prompt box. Blanks are left out, so that the server chooses. */

/** @import {Order, Recipe} from '../types.js' */

import { steering } from './spell.js';
import { keep, kept } from './store.js';

const MOST_PROMPTS = 200;

/** Says `change` when any of it changed. */
class Draft extends EventTarget {
  /** @type {Order} */
  order = { prompt: '', n: 4, ...kept('draft', {}) };

  locked = Boolean(this.order.seed);

  /** @param {Partial<Order>} fields undefined takes a field out */
  set(fields) {
    const next = Object.entries({ ...this.order, ...fields }).filter(
      ([, value]) => value !== undefined && value !== '',
    );
    this.order = { prompt: '', ...Object.fromEntries(next) };
    keep('draft', this.order);
    this.dispatchEvent(new Event('change'));
  }

  /** All settings of a picture; what the order cannot say again (its size in pixels) is said in pixels. @param {Recipe} recipe */
  use(recipe, seed = true) {
    this.locked = seed;
    const background = recipe.finish.find((step) => step.startsWith('background:'));
    this.set({
      prompt: recipe.prompt,
      negative: recipe.negative ?? undefined,
      style: recipe.style ?? undefined,
      model: recipe.model,
      seed: seed ? recipe.seed : undefined,
      steps: recipe.steps,
      guidance: recipe.guidance,
      rescale: recipe.rescale || undefined,
      cache: recipe.cache || undefined,
      cache_kind: recipe.cache ? recipe.cache_kind : undefined,
      sampler: recipe.sampler,
      schedule: recipe.schedule,
      aspect_ratio: undefined,
      megapixels: undefined,
      width: recipe.width,
      height: recipe.height,
      background: background?.slice('background:'.length),
      loras: recipe.loras.length ? recipe.loras.map(({ name, weight }) => `${name}:${weight}`) : undefined,
      ...steering(recipe),
      n: seed ? 1 : this.order.n,
    });
  }

  /** @returns {string[]} the newest first */
  get prompts() {
    return kept('prompts', []);
  }

  /** Puts the prompt among the earlier ones. */
  remember() {
    const others = this.prompts.filter((prompt) => prompt !== this.order.prompt);
    keep('prompts', [this.order.prompt, ...others].slice(0, MOST_PROMPTS));
  }
}

export const draft = new Draft();
