/**
 * The axes of a grid: values written by a person become a list, and every combination of them an order. To add an axis,
 * add an entry, and its name to texts.js.
 *
 * @import {Order} from '../types.js'
 *
 * @typedef {object} Kind
 * @property {(order: Order, value: string, axis: Axis) => Partial<Order>} set what a value says in an order
 * @property {(order: Order) => string[]} [choices] values to choose from
 * @property {boolean} [text] values are words, in which `1..5` is no count
 * @property {boolean} [begins] whether it takes a picture to begin with
 * @property {'loras'} [of] what it needs the name of
 *
 * @typedef {keyof typeof KINDS} AxisName
 * @typedef {{name: AxisName, values: string[], of?: string}} Axis of: the LoRA whose weight it is
 */

import { catalog, fitting } from './catalog.js';

const MOST = 50; // values of an axis
export const MOST_CELLS = 400;

/** @satisfies {Record<string, Kind>} */
export const KINDS = {
  none: { set: () => ({}), text: true },
  words: {
    set: (order, value, { values }) => ({ prompt: order.prompt.replaceAll(values[0] ?? '', value) }),
    text: true,
  },
  seed: { set: (_, seed) => ({ seed }) },
  steps: { set: (_, value) => ({ steps: Number(value) }) },
  guidance: { set: (_, value) => ({ guidance: Number(value) }) },
  sampler: {
    set: (_, sampler) => ({ sampler }),
    choices: ({ model }) => catalog.partsOf(catalog.card(model)).samplers,
  },
  schedule: {
    set: (_, schedule) => ({ schedule }),
    choices: ({ model }) => catalog.partsOf(catalog.card(model)).schedules,
  },
  style: {
    set: (_, style) => ({ style }),
    choices: ({ model }) => Object.keys(catalog.card(model)?.styles?.names ?? {}),
  },
  model: { set: (_, model) => ({ model }), choices: () => [...catalog.here] },
  strength: { set: (_, value) => ({ strength: Number(value) }), begins: true },
  lora: {
    set: (order, weight, { of }) => ({
      loras: [...(order.loras ?? []).filter((one) => one.split(':')[0] !== of), `${of}:${weight}`],
    }),
    of: 'loras',
  },
};

/** @param {string} name @returns {Kind} */
export const kindOf = (name) => /** @type {Record<string, Kind>} */ (KINDS)[name] ?? KINDS.none;

/** The LoRA that a model takes. @param {string | undefined} model */
export function lorasFor(model) {
  const card = catalog.card(model);
  return card ? fitting(card, catalog.loras).map(({ name }) => name) : [];
}

/**
 * `a, b, c` as they are; for numbers also `1..5`, and `2..8/2` in twos.
 *
 * @param {AxisName} name
 * @param {string} text
 * @returns {string[]}
 */
export function valuesOf(name, text) {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const values = parts.flatMap((part) => (kindOf(name).text ? part : span(part)));
  return [...new Set(values)].slice(0, MOST);
}

/** @param {string} part */
function span(part) {
  const [, from, to, by = '1'] = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?$/.exec(part) ?? [];
  if (from === undefined || to === undefined || Number(by) === 0) return [part];
  const count = Math.min(MOST, Math.floor((Number(to) - Number(from)) / Number(by) + 1e-9) + 1);
  return Array.from({ length: Math.max(0, count) }, (_, i) =>
    String(Number((Number(from) + i * Number(by)).toFixed(4))),
  );
}

/**
 * The orders of all cells: the first axis runs quickest, the last slowest.
 *
 * @param {Order} base
 * @param {Axis[]} axes
 * @returns {Order[]}
 */
export function cells(base, axes) {
  /** @type {[Axis, string][][]} */
  let chosen = [[]];
  for (const axis of [...axes].reverse()) {
    chosen = chosen.flatMap((before) =>
      axis.values.map((value) => /** @type {[Axis, string][]} */ ([...before, [axis, value]])),
    );
  }
  return chosen.map((values) => cell(base, values));
}

/** @param {Order} base @param {[Axis, string][]} chosen each axis with its value @returns {Order} */
function cell(base, chosen) {
  return chosen.reduce((order, [axis, value]) => ({ ...order, ...kindOf(axis.name).set(order, value, axis) }), {
    ...base,
    n: 1,
  });
}
