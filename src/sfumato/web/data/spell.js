/** A recipe as it is written elsewhere: at the command line, in Python, with curl. */

/** @import {Picture, Recipe} from '../types.js' */

import { fileOf, written } from './client.js';

/**
 * What an order says of a size and of steps after painting: planning puts the first steps in front, that bring what is
 * painted to the size, and the ground behind.
 *
 * @param {Recipe} recipe
 */
function sized(recipe) {
  const then = [...recipe.finish];
  let size = `${recipe.painted_width ?? recipe.width}x${recipe.painted_height ?? recipe.height}`;
  for (const step of ['resize:', 'pad:']) {
    if (then[0]?.startsWith(step)) size = then.shift()?.slice(step.length) ?? size;
  }
  const background = then.at(-1)?.startsWith('background:') ? then.pop()?.slice('background:'.length) : null;
  const [width, height] = size.split('x').map(Number);
  return { width, height, background, then };
}

/** What an order says of a change. @param {Recipe} recipe */
function changed(recipe) {
  const { operation, start, mask, strength, margins, match, finish } = recipe;
  return { operation, start, mask, margins, then: finish, ...(operation === 'scene' ? { match } : { strength }) };
}

/** Whether it was painted from words alone. @param {Recipe} recipe */
export const isOfWords = (recipe) => recipe.operation === 'text-to-image';

/** What it followed and looked at, as an order says it: such pictures are kept, and ready. @param {Recipe} recipe */
export function steering({ controls = [], references = [] }) {
  const part = (/** @type {import('../types.js').Steering} */ { begin, end }) =>
    begin === 0 && end === 1 ? '' : `:${begin}-${end}`;
  return {
    controls: controls.length
      ? controls.map((one) => `${one.kind}:${one.picture}:${one.weight}${part(one)}:ready`)
      : undefined,
    references: references.length ? references.map(({ picture, weight }) => `${picture}:${weight}`) : undefined,
  };
}

/** The fields of an order that asks for this very picture. @param {Recipe} recipe */
export function asked(recipe) {
  const { then, ...more } = isOfWords(recipe) ? sized(recipe) : changed(recipe);
  const fields = {
    prompt: recipe.prompt,
    negative: recipe.negative,
    model: recipe.model,
    seed: recipe.seed,
    steps: recipe.steps,
    guidance: recipe.guidance,
    rescale: recipe.rescale || null,
    cache: recipe.cache || null,
    cache_kind: recipe.cache ? recipe.cache_kind : null,
    fast: recipe.fast || null,
    sampler: recipe.sampler,
    schedule: recipe.schedule,
    style: recipe.style,
    ...more,
    then: then.length ? then : null,
    loras: recipe.loras.length ? recipe.loras.map(({ name, weight }) => `${name}:${weight}`) : null,
    ...steering(recipe),
  };
  return /** @type {Record<string, unknown> & {prompt: string, seed: string, loras?: string[], then?: string[]}} */ (
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
  );
}

/** In single quotes, for a POSIX shell. @param {string} text */
const quoted = (text) => (/^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A value as Python writes it: a JSON string, number or list is one of Python's too. @param {unknown} value */
const python = (value) => (value === true ? 'True' : JSON.stringify(value));

/** Whether an order can say it; a variation of another picture is only painted again from its file. @param {Recipe} recipe */
const isAsked = (recipe) => recipe.toward === null || recipe.toward === undefined;

/** Whether it follows or looks at pictures, which a command wants as files. @param {Recipe} recipe */
const isSteered = ({ controls = [], references = [] }) => controls.length + references.length > 0;

/** Its file, from here. @param {Picture} picture */
const fetched = ({ id }) => `curl ${quoted(fileOf(id))} -o sfumato-${id}.png`;

/** @param {Picture} picture */
export function asCommand(picture) {
  const { recipe } = picture;
  if (!isOfWords(recipe) || !isAsked(recipe) || isSteered(recipe))
    return `${fetched(picture)}\nsfumato replay sfumato-${picture.id}.png`;
  const { prompt, width, height, loras = [], then = [], ...others } = asked(recipe);
  const option = (/** @type {string} */ name) => `--${name.replaceAll('_', '-')}`;
  const options = Object.entries(others).map(([name, value]) =>
    value === true ? option(name) : `${option(name)} ${quoted(String(value))}`,
  );
  const added = [...loras.map((lora) => `--lora ${quoted(lora)}`), ...then.map((step) => `--then ${quoted(step)}`)];
  return [`sfumato generate ${quoted(prompt)}`, ...options, `--size ${width}x${height}`, ...added].join(' \\\n  ');
}

/** @param {Picture} picture */
export function asPython({ id, recipe }) {
  if (!isAsked(recipe))
    return ['from sfumato import Studio', '', `print(Studio().replay("sfumato-${id}.png").same)`].join('\n');
  const { prompt, seed, ...others } = asked(recipe);
  const fields = Object.entries(others).map(([name, value]) => `    ${name}=${python(value)},`);
  return [
    'from sfumato import Studio',
    '',
    'pictures = Studio().paint(',
    `    ${python(prompt)},`,
    `    seed=${seed},`,
    ...fields,
    ')',
    'pictures[0].save("picture.png")',
  ].join('\n');
}

/** @param {Picture} picture */
export function asCurl(picture) {
  if (!isAsked(picture.recipe)) return fetched(picture);
  const address = new URL('api/v1/orders', document.baseURI).href;
  return `curl ${quoted(address)} --json ${quoted(written(asked(picture.recipe)))}`;
}
