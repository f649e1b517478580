/**
 * A grid of pictures: what it was made of, and the order of each cell. The last ones are kept in this browser, so that
 * they can be looked at and run again; their pictures are the library's.
 *
 * @import {Axis} from './axes.js'
 * @import {Job, Order} from '../types.js'
 *
 * @typedef {object} Grid
 * @property {Order} base what all cells have in common
 * @property {Axis[]} axes across, down, sheets
 * @property {string[]} jobs by sheet, then row, then column; fewer while they are being ordered
 * @property {number} at when, milliseconds since 1970
 */

import { cells } from './axes.js';
import * as client from './client.js';
import { jobs } from './jobs.js';
import { keep, kept } from './store.js';

const MOST_KEPT = 12;
const SEEDS = 2 ** 32;

/** @returns {Grid[]} the newest first */
export const earlier = () => kept('grids', []);

/** @param {Grid} grid */
function remember(grid) {
  keep('grids', [grid, ...earlier().filter(({ at }) => at !== grid.at)].slice(0, MOST_KEPT));
}

/** Jobs of earlier grids, which are not among the last ones any more. @type {Map<string, Job>} */
const old = new Map();

/** @param {string | undefined} id @returns {Job | undefined} */
export const jobOf = (id) => (id === undefined ? undefined : (jobs.all.get(id) ?? old.get(id)));

/** Reads the jobs of a grid that are not known here. @param {Grid} grid @param {() => void} told after each */
export async function load(grid, told) {
  for (const id of grid.jobs) {
    if (jobOf(id)) continue;
    const job = await client.job(id).catch(() => null);
    if (job) old.set(id, job);
    told();
  }
}

/**
 * Orders all cells. They share one seed, unless it is an axis.
 *
 * @param {Order} base
 * @param {Axis[]} axes
 * @param {(grid: Grid) => void} told with the grid, first without and then after each order
 */
export async function run(base, axes, told) {
  const seeded = { ...base, seed: base.seed ?? String(Math.floor(Math.random() * SEEDS)) };
  /** @type {Grid} */
  const grid = { base: seeded, axes, jobs: [], at: Date.now() };
  told(grid);
  for (const order of cells(seeded, axes)) {
    grid.jobs.push((await jobs.order(order)).id);
    remember(grid);
    told(grid);
  }
}

/** The job of a cell. @param {Grid} grid @param {number} sheet @param {number} row @param {number} column */
export function jobAt({ axes, jobs: ids }, sheet, row, column) {
  const [wide, tall] = [axes[0]?.values.length ?? 1, axes[1]?.values.length ?? 1];
  return jobOf(ids[(sheet * tall + row) * wide + column]);
}

/** Whether every cell is painted. @param {Grid} grid */
export function isWhole({ axes, jobs: ids }) {
  const n = axes.reduce((product, { values }) => product * values.length, 1);
  return ids.length === n && ids.every((id) => jobOf(id)?.pictures.length);
}
