/**
 * Which settings a model takes, made from its card: what it does not take is not shown.
 *
 * @import {Card, Order} from '../types.js'
 *
 * @typedef {object} Field
 * @property {keyof Order & keyof typeof import('../texts.js').t.fields.about} name
 * @property {'range' | 'choice' | 'text' | 'ground' | 'list'} kind
 * @property {number} [low]
 * @property {number} [high]
 * @property {number} [step]
 * @property {string | number} [usual] what the model takes when it is left blank
 * @property {string[]} [choices]
 */

/** How many steps are foretold where it is to be fast; about half of the time. */
export const FAST = 0.5;

/** Whether steps can be foretold: not where a model paints by its own pipeline. @param {Card} card */
export const foretells = (card) => card.sampler !== 'own';

const NEGATIVE_KINDS = new Set(['classifier-free', 'distilled']);

/** @typedef {{samplers: string[], schedules: string[]}} Parts */

/**
 * @param {Card} card
 * @param {Parts} parts that go with it
 * @returns {Field[]}
 */
export function fieldsOf(card, parts) {
  /** @type {Field[]} */
  const fields = [
    { name: 'steps', kind: 'range', low: card.steps.low, high: card.steps.high, step: 1, usual: card.steps.default },
  ];
  if (card.guidance_kind !== 'none') {
    const { low, high } = card.guidance;
    fields.push({ name: 'guidance', kind: 'range', low, high, step: 0.1, usual: card.guidance.default });
  }
  if (card.text.negative && NEGATIVE_KINDS.has(card.guidance_kind)) fields.unshift({ name: 'negative', kind: 'text' });
  if (card.guidance_kind === 'classifier-free') {
    fields.push({ name: 'rescale', kind: 'range', low: 0, high: 1, step: 0.05, usual: 0 });
  }
  if (foretells(card)) fields.push({ name: 'cache', kind: 'range', low: 0, high: 1, step: 0.05, usual: 0 });
  if (parts.samplers.includes(card.sampler))
    fields.push({ name: 'sampler', kind: 'choice', choices: parts.samplers, usual: card.sampler });
  if (parts.schedules.includes(card.schedule))
    fields.push({ name: 'schedule', kind: 'choice', choices: parts.schedules, usual: card.schedule });
  if (card.adaptable !== null) fields.push({ name: 'loras', kind: 'list' });
  fields.push({ name: 'background', kind: 'ground' });
  return fields;
}
