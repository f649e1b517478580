/**
 * The axes of a grid: values written by a person become a list, and every pair of them an order.
 *
 * @import {Order} from '../types.js'
 *
 * @typedef {'none' | 'words' | 'seed' | 'steps' | 'guidance' | 'sampler' | 'style' | 'model'} AxisName
 * @typedef {{name: AxisName, values: string[]}} Axis
 */

const NUMBERS = new Set(['steps', 'guidance']);
const MOST = 50; // values of an axis

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
  return parts.flatMap((part) => (name === 'words' ? part : span(part))).slice(0, MOST);
}

/** @param {string} part */
function span(part) {
  const [, from, to, by = '1'] = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?$/.exec(part) ?? [];
  if (from === undefined || to === undefined || Number(by) === 0) return [part];
  const count = Math.min(MOST, Math.floor((Number(to) - Number(from)) / Number(by)) + 1);
  return Array.from({ length: Math.max(0, count) }, (_, i) =>
    String(Number((Number(from) + i * Number(by)).toFixed(4))),
  );
}

/**
 * The order of one cell.
 *
 * @param {Order} base
 * @param {[Axis, string][]} chosen each axis with its value
 * @returns {Order}
 */
export function cell(base, chosen) {
  /** @type {any} */
  const order = { ...base, n: 1 };
  for (const [axis, value] of chosen) {
    if (axis.name === 'none') continue;
    if (axis.name === 'words') order.prompt = order.prompt.replaceAll(axis.values[0] ?? '', value);
    else order[axis.name] = NUMBERS.has(axis.name) ? Number(value) : value;
  }
  return order;
}
