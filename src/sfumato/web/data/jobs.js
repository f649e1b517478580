/**
 * The orders under way, kept as the server tells of them. After a reload they are read again, so nothing is lost.
 *
 * Says `change` when anything to show has changed, `picture` when one was finished, `done` when a whole order was, and
 * `gone` and `back` when the server does not answer, and answers again.
 */

/** @import {Job, Order} from '../types.js' */

import * as client from './client.js';
import { follow } from './events.js';
import { learn } from './pace.js';
import { keep, kept } from './store.js';

/** @typedef {{preview: string | null, since: number, first: number}} Sight the picture being painted, as last seen */

const LOOK = 60_000; // milliseconds; the stream tells of everything, but a proxy may hold it back
const TOGETHER = 40; // milliseconds in which states are gathered
const ENDED = new Set(['done', 'failed', 'cancelled', 'expired']);
const URGENCY = ['interactive', 'normal', 'bulk'];

class Jobs extends EventTarget {
  /** @type {Map<string, Job>} */
  all = new Map();

  /** @type {Map<string, Sight>} by job */
  sights = new Map();

  /** @type {Set<string>} failed ones that were put away */
  away = new Set(kept('away', /** @type {string[]} */ ([])));

  /** Whether nothing new is begun. */
  paused = false;

  /** How often that was changed here. */
  turns = 0;

  /** Reads all that is open, and what ended lately, once it is told of what follows; and again after each break. */
  start() {
    setInterval(() => this.load().catch(() => {}), LOOK);
    follow(
      (kind, data) => this.hear(data.job, kind, data),
      () => this.meet(),
      () => this.miss(),
    );
  }

  /** Whether the server does not answer. */
  gone = false;

  /** The server is there, perhaps again. */
  meet() {
    if (this.gone) this.dispatchEvent(new Event('back'));
    this.gone = false;
    this.load().catch(() => {});
  }

  /** The server does not answer, perhaps again. */
  miss() {
    this.gone = true;
    this.dispatchEvent(new Event('gone'));
  }

  async load() {
    const { turns } = this;
    const [found, { paused }] = await Promise.all([client.findJobs(), client.queue()]);
    const before = this.all;
    this.all = new Map(found.map((job) => [job.id, before.get(job.id) ?? job]));
    for (const job of found) this.put(job);
    this.loaded = true;
    if (turns === this.turns) this.paused = paused; // else it is of before
    this.changed();
  }

  /** Whether all was read once: pictures of jobs that are new from then on are new, too. */
  loaded = false;

  /** Takes a job as it is now, and tells of the pictures that were not known. @param {Job} job */
  put(job) {
    const before = this.all.get(job.id);
    const known = new Set(before?.pictures.map(({ id }) => id));
    this.all.set(job.id, job);
    if (!this.loaded) return;
    if (job.state === 'done' && before && !ENDED.has(before.state))
      this.dispatchEvent(new CustomEvent('done', { detail: job }));
    for (const picture of job.pictures) if (!known.has(picture.id)) this.told(picture);
  }

  /** @param {import('../types.js').Picture} picture that was just painted */
  told(picture) {
    learn(picture);
    this.dispatchEvent(new CustomEvent('picture', { detail: picture }));
  }

  /** @param {Order} order @returns {Promise<Job>} */
  order(order) {
    return this.begin(client.order(order));
  }

  /** @param {Promise<Job>} ordered a job that was just made */
  async begin(ordered) {
    const job = await ordered;
    if (!this.all.has(job.id)) this.put(job);
    this.changed();
    return job;
  }

  /** The orders that have not ended, as they will be painted. */
  get open() {
    return [...this.all.values()].filter((job) => !ENDED.has(job.state)).sort(inTurn);
  }

  /** Those that nobody has begun, as they will be painted. */
  get waiting() {
    return this.open.filter(({ state }) => state !== 'running');
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
    this.put(await client.tellJob(id, what));
    this.changed();
  }

  /** Lets a waiting order be painted before another; null: after all others. @param {string} id @param {string | null} before */
  async move(id, before) {
    await client.moveJob(id, before);
    await this.load();
  }

  /** Lets nothing new be begun, or lets it again. @param {boolean} paused */
  async pause(paused) {
    this.paused = (await client.pauseQueue(paused)).paused;
    this.turns += 1;
    this.changed();
  }

  /** Takes one picture out of an order; the others are painted. @param {string} id @param {number} number from 0 */
  async drop(id, number) {
    this.put(await client.dropPicture(id, number));
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
    if (kind === 'state' || kind === 'dropped' || kind === 'moved' || !job) this.refresh(id);
    if (!job) return;
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
      this.put(await client.job(id));
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
    if (job.pictures.some((picture) => picture.id === id)) return; // it came with the job meanwhile
    job.pictures.push(picture);
    this.sights.delete(job.id);
    this.told(picture);
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
    this.dispatchEvent(new Event('change'));
  }
}

export const jobs = new Jobs();

export { estimate } from './pace.js';

/** Those under way first, then by urgency, then by place. @param {Job} a @param {Job} b */
function inTurn(a, b) {
  const rank = (/** @type {Job} */ { state, priority }) => (state === 'running' ? -1 : URGENCY.indexOf(priority));
  return rank(a) - rank(b) || a.place - b.place || (a.id < b.id ? -1 : 1);
}
