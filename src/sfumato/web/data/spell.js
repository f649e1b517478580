/** A recipe as it is written elsewhere: at the command line, in Python, with curl. */

/** @import {Recipe} from '../types.js' */

import { written } from './client.js';

/** The fields of an order that asks for this very picture. @param {Recipe} recipe */
function asked(recipe) {
  const ground = recipe.finish.find((step) => step.startsWith('background:'))?.slice('background:'.length);
  const fields = {
    prompt: recipe.prompt,
    negative: recipe.negative,
    model: recipe.model,
    seed: recipe.seed,
    steps: recipe.steps,
    guidance: recipe.guidance,
    rescale: recipe.rescale || null,
    sampler: recipe.sampler,
    schedule: recipe.schedule,
    style: recipe.style,
    width: recipe.width,
    height: recipe.height,
    background: ground ?? null,
    loras: recipe.loras.length ? recipe.loras.map(({ name, weight }) => `${name}:${weight}`) : null,
  };
  return /** @type {Record<string, unknown> & {prompt: string, seed: string, width: number, height: number, loras?: string[]}} */ (
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
  );
}

/** In single quotes, for a POSIX shell. @param {string} text */
const quoted = (text) => (/^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** @param {Recipe} recipe */
export function asCommand(recipe) {
  const { prompt, width, height, loras = [], ...others } = asked(recipe);
  const options = Object.entries(others).map(([name, value]) => `--${name} ${quoted(String(value))}`);
  const added = loras.map((lora) => `--lora ${quoted(lora)}`);
  return [`sfumato generate ${quoted(prompt)}`, ...options, `--size ${width}x${height}`, ...added].join(' \\\n  ');
}

/** A value as Python writes it: a JSON string, number or list is one of Python's too. @param {unknown} value */
const python = (value) => JSON.stringify(value);

/** @param {Recipe} recipe */
export function asPython(recipe) {
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

/** @param {Recipe} recipe */
export function asCurl(recipe) {
  const address = new URL('api/v1/orders', document.baseURI).href;
  return `curl ${quoted(address)} --json ${quoted(written(asked(recipe)))}`;
}
