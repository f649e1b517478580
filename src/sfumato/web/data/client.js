/**
 * A thin client of `/api/v1`: one function a route, nothing decided here.
 *
 * Addresses are relative to the page, so it works under a path prefix. A refused request becomes a `Problem` with the
 * server's own words. Seeds are read and sent as text, digit by digit. Where the server wants a key, the browser itself
 * asks for it (as the password; any name will do) and sends it along with pictures and events too.
 */

/** @import {Card, Found, Job, Order, Picture, Recipe} from '../types.js' */

import { t } from '../texts.js';

const BASE = new URL('api/v1/', document.baseURI).href;

/** What the server refused, in words for a person. status: HTTP's; 0 when there was no answer. */
export class Problem extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/**
 * @param {string} path below `/api/v1/`
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), options);
  } catch {
    throw new Problem(0, t.errors.offline);
  }
  if (!answer.ok) throw await problem(answer);
  return answer;
}

/** @param {Response} answer */
async function problem(answer) {
  const said = await answer.json().catch(() => ({}));
  const detail = typeof said.detail === 'string' ? said.detail : said.title;
  return new Problem(answer.status, detail ?? t.errors.strange(answer.status));
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function json(path, options) {
  return parse(await (await call(path, options)).text());
}

/** Its source text access is newer than the types we check with. @type {any} */
const Json = JSON;

/** @param {string} text JSON; seeds stay text */
export function parse(text) {
  return text
    ? Json.parse(text, (/** @type {string} */ key, /** @type {any} */ value, /** @type {any} */ at) =>
        key === 'seed' && typeof value === 'number' ? at.source : value,
      )
    : null;
}

/** @param {object} body seeds become numbers of any size */
export function written(body) {
  return JSON.stringify(body, (key, value) =>
    key === 'seed' && typeof value === 'string' ? Json.rawJSON(value) : value,
  );
}

/** @param {string} method @param {object} body */
const sends = (method, body) => ({ method, body: written(body), headers: { 'Content-Type': 'application/json' } });

/** @param {Record<string, string | number | boolean | undefined>} given */
function query(given) {
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== '' && value !== false);
  return String(new URLSearchParams(set.map(([name, value]) => [name, String(value)])));
}

/** Every model's card. @returns {Promise<Card[]>} */
export const models = () => json('models');

/** The names that an order may use. @returns {Promise<{model: string, models_here: string[], samplers: string[], schedules: string[], aspect_ratios: string[], formats: string[]}>} */
export const choices = () => json('choices');

/** @param {Order} order @returns {Promise<Job>} */
export const order = (order) => json('orders', sends('POST', { ...order, priority: 'interactive' }));

/** What an order would be, without painting it. @param {Order} order @returns {Promise<{recipes: Recipe[], warnings: string[]}>} */
export const plan = (order) => json('plan', sends('POST', order));

/** @returns {Promise<Job[]>} the newest first */
export const findJobs = () => json('jobs?limit=200');

/** @param {string} id @returns {Promise<Job>} */
export const job = (id) => json(`jobs/${encodeURIComponent(id)}`);

/** @param {string} id @param {'cancel' | 'pause' | 'resume' | 'retry'} what @returns {Promise<Job>} */
export const tellJob = (id, what) => json(`jobs/${encodeURIComponent(id)}/${what}`, { method: 'POST' });

/** Takes one picture out of an order. @param {string} id @param {number} number from 0 @returns {Promise<Job>} */
export const dropPicture = (id, number) =>
  json(`jobs/${encodeURIComponent(id)}/pictures/${number}/cancel`, { method: 'POST' });

/**
 * @typedef {object} Search
 * @property {string} [text] words that all occur in the prompt
 * @property {string} [model]
 * @property {number} [rating] at least
 * @property {string} [tag]
 * @property {boolean} [trashed] those in the trash instead
 *
 * @param {Search} search
 * @param {number} offset
 * @param {number} limit
 * @returns {Promise<Picture[]>} the newest first
 */
export const findPictures = (search, offset, limit) => json(`pictures?${query({ ...search, offset, limit })}`);

/** @param {number} id @returns {Promise<Picture>} */
export const picture = (id) => json(`pictures/${id}`);

/** @param {number} id @param {{rating?: number, tags?: string[], trashed?: boolean}} marks @returns {Promise<Picture>} */
export const markPicture = (id, marks) => json(`pictures/${id}`, sends('PATCH', marks));

/** What a picture file says of how it was made. @param {Blob} file @returns {Promise<Found>} */
export const readFile = (file) => json('read', { method: 'POST', body: file, headers: { 'Content-Type': file.type } });

/** Pictures as one zip. @param {number[]} ids @param {{format?: string, quality?: number, metadata?: string}} as @returns {Promise<Blob>} */
export const archive = async (ids, as) => (await call(`archive?${query({ ...as, ids: ids.join(',') })}`)).blob();

/** @param {string} id of a job */
export const eventsOf = (id) => new URL(`jobs/${encodeURIComponent(id)}/events?previews=true`, BASE).href;

/** The picture's file, encoded anew where other than all of it is asked. @param {number} id @param {{format?: string, quality?: number, metadata?: string}} [as] */
export const fileOf = (id, as = {}) => new URL(`pictures/${id}/file?${query(as)}`, BASE).href;

/** @param {number} id */
export const thumbnailOf = (id) => new URL(`pictures/${id}/thumbnail`, BASE).href;
