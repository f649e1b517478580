/**
 * A thin client of `/api/v1`: one function a route, nothing decided here.
 *
 * Addresses are relative to the page, so it works under a path prefix. A refused request becomes a `Problem` with the
 * server's own words. Seeds are read and sent as text, digit by digit. Where the server wants a key, the browser itself
 * asks for it (as the password; any name will do) and sends it along with pictures and events too.
 */

/** @import {Board, Card, Errand, Found, Job, Listing, Lora, Look, Order, Picture, Recipe, SmallWeights} from '../types.js' */

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
export async function json(path, options) {
  return parse(await (await call(path, options)).text());
}

/** Its source text access is newer than the types we check with. @type {any} */
const Json = JSON;

/** @param {string} text JSON; seeds stay text */
export function parse(text) {
  if (!text.includes('"seed"')) return text ? Json.parse(text) : null; // to be asked about every value takes long
  return Json.parse(text, (/** @type {string} */ key, /** @type {any} */ value, /** @type {any} */ at) =>
    key === 'seed' && typeof value === 'number' ? at.source : value,
  );
}

/** @param {object} body seeds become numbers of any size */
export function written(body) {
  return JSON.stringify(body, (key, value) =>
    key === 'seed' && typeof value === 'string' ? Json.rawJSON(value) : value,
  );
}

/** @param {string} method @param {object} body */
export const sends = (method, body) => ({
  method,
  body: written(body),
  headers: { 'Content-Type': 'application/json' },
});

/** @param {Record<string, string | number | boolean | undefined>} given */
function query(given) {
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== '' && value !== false);
  return String(new URLSearchParams(set.map(([name, value]) => [name, String(value)])));
}

/** Every model's card. @returns {Promise<Card[]>} */
export const models = () => json('models');

/** What is fetched and not painted with by itself. @returns {Promise<Listing[]>} */
export const listings = () => json('listings');

/** The names that an order may use. @returns {Promise<{model: string, models_here: string[], samplers: string[], schedules: string[], fitting: Record<string, import('./fields.js').Parts>, aspect_ratios: string[], formats: string[]}>} */
export const choices = () => json('choices');

/** @param {Order} order @returns {Promise<Job>} */
export const order = (order) => json('orders', sends('POST', { ...order, priority: 'interactive' }));

/** What an order would be, without painting it. @param {Order} order @returns {Promise<{recipes: Recipe[], warnings: string[], notes: string[]}>} */
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

/** Lets a waiting job be painted before another; null: last of those as urgent. @param {string} id @param {string | null} before @returns {Promise<Job>} */
export const moveJob = (id, before) => json(`jobs/${encodeURIComponent(id)}/move`, sends('POST', { before }));

/** @returns {Promise<{paused: boolean}>} */
export const queue = () => json('queue');

/** Lets nothing new be begun, or lets it again. @param {boolean} paused @returns {Promise<{paused: boolean}>} */
export const pauseQueue = (paused) => json('queue', sends('PATCH', { paused }));

/** @returns {Promise<Errand[]>} the newest first */
export const errands = () => json('errands');

/** @param {string} name of a model, or of small weights @param {boolean} accept that its licence was read @returns {Promise<Errand>} */
export const pull = (name, accept) => json('errands/pull', sends('POST', { name, accept }));

/** @param {FormData} lesson pictures, name and the like @returns {Promise<Errand>} */
export const teach = (lesson) => json('errands/teach', { method: 'POST', body: lesson });

/** @param {string} id @param {'cancel' | 'retry'} what @returns {Promise<Errand>} */
export const tellErrand = (id, what) => json(`errands/${id}/${what}`, { method: 'POST' });

/** Forgets one that has ended. @param {string} id */
export const dropErrand = (id) => json(`errands/${id}`, { method: 'DELETE' });

/** @returns {Promise<Lora[]>} */
export const loras = () => json('loras');

/** @param {string} name */
export const removeLora = (name) => json(`loras/${encodeURIComponent(name)}`, { method: 'DELETE' });

/** Looks in words. @returns {Promise<Look[]>} */
export const looks = () => json('styles');

/** @returns {Promise<SmallWeights[]>} */
export const smallWeights = () => json('weights');

/** Deletes weights from the disk. @param {string} name */
export const removeModel = (name) => json(`models/${encodeURIComponent(name)}`, { method: 'DELETE' });

/** @returns {Promise<import('../types.js').Machine>} */
export const machine = () => json('machine');

/**
 * @typedef {object} Search
 * @property {string} [text] words that all occur in the prompt
 * @property {string} [model]
 * @property {number} [rating] at least
 * @property {string} [tag]
 * @property {string} [since] ISO 8601: painted then or later
 * @property {string} [until] ISO 8601: painted before
 * @property {number} [board]
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

/** Deletes what lies in the trash, for good. @returns {Promise<{pictures: number, bytes: number}>} */
export const emptyTrash = () => json('trash/empty', { method: 'POST' });

/** @param {Search} search @returns {Promise<number>} */
export const countPictures = async (search) => (await json(`count?${query({ ...search })}`)).count;

/** The tags of what fits, each with how many have it. @param {Search} search @returns {Promise<Record<string, number>>} */
export const tagsOf = (search) => json(`tags?${query({ ...search })}`);

/** @returns {Promise<Board[]>} by name */
export const boards = () => json('boards');

/** @param {string} name @returns {Promise<Board>} */
export const makeBoard = (name) => json('boards', sends('POST', { name }));

/** @param {number} id @param {string} name @returns {Promise<Board>} */
export const renameBoard = (id, name) => json(`boards/${id}`, sends('PATCH', { name }));

/** Its pictures stay in the library. @param {number} id @returns {Promise<Board>} */
export const removeBoard = (id) => json(`boards/${id}`, { method: 'DELETE' });

/** @param {number} id @param {{add?: number[], remove?: number[]}} pictures @returns {Promise<Board>} */
export const layOnBoard = (id, pictures) => json(`boards/${id}/pictures`, sends('POST', pictures));

/** Pictures like one: its noise turned towards other seeds'. amount: 0, the same, to 1. @param {number} picture @param {number} n @param {number} [amount] @returns {Promise<Job>} */
export const vary = (picture, n, amount) =>
  json('orders/vary', sends('POST', { picture, n, amount, priority: 'interactive' }));

/** Orders finishing steps for a picture. @param {number} id @param {string[]} then @returns {Promise<Job>} */
export const finish = (id, then) => json(`pictures/${id}/finish`, sends('POST', { then }));

/** What can be done; needs: of these a model's card has to list one. keeps: whether a part is held to not changing. @returns {Promise<{name: string, needs: string[], keeps: boolean}[]>} */
export const operations = async () => (await json('operations')).operations;

/** What one was made from, and what came of it, the newest first. @param {number} id @returns {Promise<{made_from: Picture[], became: Picture[]}>} */
export const lineage = (id) => json(`pictures/${id}/lineage`);

/** How many pixels changed of what was to stay; a Problem where nothing was. @param {number} id @returns {Promise<{changed_pixels: number}>} */
export const outside = (id) => json(`pictures/${id}/outside`);

/** What a picture was made from, on a page of its size. @param {number} id */
export const beforeOf = (id) => new URL(`pictures/${id}/before`, BASE).href;

/** Keeps a picture's pixels to begin with. @param {Blob} file @returns {Promise<{id: string, width: number, height: number}>} */
export const upload = (file) =>
  json('inputs', { method: 'POST', body: file, headers: { 'Content-Type': file.type || 'image/png' } });

/** The people in an upload, as OpenPose's JSON. @param {string} id @returns {Promise<string>} */
export const people = async (id) => (await call(`inputs/${id}/people`, { method: 'POST' })).text();

/** @param {string} id of an upload */
export const inputFile = (id) => new URL(`inputs/${id}/file`, BASE).href;

/** What a picture file says of how it was made. @param {Blob} file @returns {Promise<Found>} */
export const readFile = (file) => json('read', { method: 'POST', body: file, headers: { 'Content-Type': file.type } });

/** Pictures as one zip. @param {number[]} ids @param {{format?: string, quality?: number, metadata?: string}} as @returns {Promise<Blob>} */
export const archive = async (ids, as) => (await call(`archive?${query({ ...as, ids: ids.join(',') })}`)).blob();

/** Where everything that happens to orders is told. */
export const FEED = new URL('events?previews=true', BASE).href;

/** The picture's file, encoded anew where other than all of it is asked. @param {number} id @param {{format?: string, quality?: number, metadata?: string}} [as] */
export const fileOf = (id, as = {}) => new URL(`pictures/${id}/file?${query(as)}`.replace(/\?$/, ''), BASE).href;

/** @param {number} id */
export const thumbnailOf = (id) => new URL(`pictures/${id}/thumbnail`, BASE).href;
