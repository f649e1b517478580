/** Which language the page speaks: the one chosen here, else the browser's, else English. To add one, add a line and its file. */

import { keep, kept } from './store.js';

/**
 * @template T
 * @typedef {{[K in keyof T]?: T[K] extends (...given: any[]) => unknown ? T[K] : T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Partly<T[K]> : T[K]}} Partly
 */

/** By code: its own name, and where its words are. @type {Record<string, {name: string, words: () => Promise<object>}>} */
const LANGUAGES = {
  en: { name: 'English', words: async () => ({}) },
  de: { name: 'Deutsch', words: async () => (await import('../texts-de.js')).de },
};

/** Code and own name of each. */
export const languages = Object.entries(LANGUAGES).map(([code, { name }]) => ({ code, name }));

/** The code of the language that is spoken. */
export const language =
  [kept('language', ''), ...navigator.languages.map((one) => one.slice(0, 2))].find((one) => one in LANGUAGES) ?? 'en';

/** Speaks another language from now on. @param {string} code */
export function speak(code) {
  keep('language', code);
  location.reload();
}

/**
 * All texts in the language that is spoken.
 *
 * @template {object} T
 * @param {T} english
 * @returns {Promise<T>}
 */
export async function spoken(english) {
  document.documentElement.lang = language;
  return merged(english, (await LANGUAGES[language]?.words()) ?? {});
}

/** The whole, with what the part says in its place. @param {any} whole @param {any} part @returns {any} */
function merged(whole, part) {
  if (Array.isArray(whole) || typeof whole !== 'object' || typeof part !== 'object') return part ?? whole;
  return Object.fromEntries(Object.keys(whole).map((key) => [key, merged(whole[key], part[key])]));
}
