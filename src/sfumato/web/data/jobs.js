/**
 * The orders under way, kept as the server tells of them. After a reload they are read again, so nothing is lost.
 *
 * Says `change` when anything to show has changed, and `picture` when one was finished.
 */

/** @import {Job, Order, Recipe} from '../types.js' */

import * as client from './client.js';
import { follow } from './events.js';
import { keep, kept } from './store.js';

/** @typedef {{preview: string | null, since: number, first: number}} Sight the picture being painted, as last seen */

const LOOK = 15_000; // milliseconds
const TOGETHER = 40; // milliseconds in which states are gathered
const MOST_FOLLOWED = 3;
const ENDED = new Set(['done', 'failed', 'cancelled', 'expired']);

class Jobs extends EventTarget {
  /** @type {Map<string, Job>} */
  all = new Map();

  /** @type {Map<string, Sight>} by job */
  sights = new Map();

  /** @type {Set<string>} failed ones that were put away */
  away = new Set(kept('away', /** @type {string[]} */ ([])));

  /** @type {Map<string, () => void>} stops following a job */
  followed = new Map();

  /** Reads all that is open, and what ended lately; and again from time to time, for others order too. */
  async start() {
    setInterval(() => this.load().catch(() => {}), LOOK);
    await this.load();
  }

  async load() {
    const found = await client.findJobs();
    this.all = new Map(found.map((job) => [job.id, job]));
    this.changed();
  }

  /** Follows those next in turn, and no others: a browser has few connections to one server. */
  follow() {
    const next = new Set(this.open.slice(0, MOST_FOLLOWED).map(({ id }) => id));
    for (const [id, stop] of this.followed) {
      if (next.has(id)) continue;
      stop();
      this.followed.delete(id);
    }
    for (const id of next) {
      if (!this.followed.has(id))
        this.followed.set(
          id,
          follow(id, (kind, data) => this.hear(id, kind, data)),
        );
    }
  }

  /** @param {Order} order @returns {Promise<Job>} */
  async order(order) {
    const job = await client.order(order);
    if (!this.all.has(job.id)) this.all.set(job.id, job);
    this.changed();
    return job;
  }

  /** The orders that have not ended, the oldest first: as they will be painted. */
  get open() {
    return [...this.all.values()].filter((job) => !ENDED.has(job.state)).sort((a, b) => a.created - b.created);
  }

  /** Those that ended, the newest first. */
  get ended() {
    return [...this.all.values()].filter((job) => ENDED.has(job.state)).sort((a, b) => b.created - a.created);
  }

  /** Failed ones that nobody has put away yet. */
  get failed() {
    return this.ended.filter((job) => (job.state === 'failed' || job.state === 'expired') && !this.away.has(job.id));
  }

  /** @param {Job} job how many orders are painted before this one */
  place(job) {
    return this.open.filter((other) => other.state !== 'paused').indexOf(job);
  }

  /** @param {'cancel' | 'pause' | 'resume' | 'retry'} what @param {string} id */
  async tell(what, id) {
    this.away.delete(id);
    this.all.set(id, await client.tellJob(id, what));
    this.changed();
  }

  /** Takes one picture out of an order; the others are painted. @param {string} id @param {number} number from 0 */
  async drop(id, number) {
    this.all.set(id, await client.dropPicture(id, number));
    this.changed();
  }

  /** @param {string} id */
  putAway(id) {
    this.away.add(id);
    keep('away', [...this.away].slice(-200));
    this.changed();
  }

  /** Seconds until the picture that is being painted is there; null where too little was seen. @param {Job} job */
  left(job) {
    const sight = this.sights.get(job.id);
    const seen = sight ? job.step - sight.first : 0;
    if (!sight || seen < 2) return null;
    return ((Date.now() - sight.since) / 1000 / seen) * (job.steps - job.step);
  }

  /** @param {string} id @param {string} kind @param {any} data */
  hear(id, kind, data) {
    const job = this.all.get(id);
    if (!job) return;
    if (kind === 'state' || kind === 'dropped') this.refresh(id);
    if (kind === 'step') this.step(job, data);
    if (kind === 'preview') this.sight(job, data.step).preview = data.image;
    if (kind === 'picture') this.finished(job, data.picture);
    this.changed();
  }

  /** Reads a job again, soon and once: states that are told may be of long ago, from before it was tried again. @param {string} id */
  async refresh(id) {
    if (this.stale.has(id)) return;
    this.stale.add(id);
    await new Promise((done) => setTimeout(done, TOGETHER));
    this.stale.delete(id);
    try {
      this.all.set(id, await client.job(id));
    } catch {
      return; // the next look reads it
    }
    if (this.all.get(id)?.state !== 'running') this.sights.delete(id);
    this.changed();
  }

  /** @type {Set<string>} jobs that are about to be read again */
  stale = new Set();

  /** @param {Job} job @param {number} id of the picture */
  async finished(job, id) {
    if (job.pictures.some((picture) => picture.id === id)) return;
    const picture = await client.picture(id);
    job.pictures.push(picture);
    this.sights.delete(job.id);
    learn(picture.recipe, picture.seconds);
    this.dispatchEvent(new CustomEvent('picture', { detail: picture }));
    this.changed();
  }

  /** @param {Job} job @param {{number: number, step: number, steps: number}} data */
  step(job, data) {
    if (job.number !== data.number) this.sights.delete(job.id);
    Object.assign(job, { number: data.number, step: data.step, steps: data.steps });
    this.sight(job, data.step);
  }

  /** @param {Job} job @param {number} step */
  sight(job, step) {
    const sight = this.sights.get(job.id) ?? { preview: null, since: Date.now(), first: step };
    this.sights.set(job.id, sight);
    return sight;
  }

  changed() {
    this.follow();
    this.dispatchEvent(new Event('change'));
  }
}

export const jobs = new Jobs();

/** Remembers how long a step took with a model, the later ones counting more. @param {Recipe} recipe @param {number} seconds */
function learn(recipe, seconds) {
  const known = kept('pace', /** @type {Record<string, number>} */ ({}));
  const now = seconds / recipe.steps;
  const before = known[recipe.model];
  keep('pace', { ...known, [recipe.model]: before === undefined ? now : before * 0.7 + now * 0.3 });
}

/**
 * Seconds a picture of this order will probably take, by what was seen of its model; 0 before one was painted.
 *
 * @param {Order} order
 * @param {number} [usualSteps]
 */
export function estimate(order, usualSteps = 16) {
  const pace = kept('pace', /** @type {Record<string, number>} */ ({}));
  const known = order.model ? pace[order.model] : Object.values(pace)[0];
  return (known ?? 0) * (order.steps ?? usualSteps);
}
