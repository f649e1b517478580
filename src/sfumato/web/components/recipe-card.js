/** A picture's recipe to read, and to copy as a command, as Python or as curl. */

/** @import {Picture} from '../types.js' */

import { changedOutside } from '../data/edits.js';
import { isFinished, kindOfControl, wayOf } from '../data/naming.js';
import { asCommand, asCurl, asPython, isOfWords } from '../data/spell.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

style(css`
  recipe-card {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    dl {
      display: grid;
      grid-template-columns: auto 1fr;
      gap: 5px var(--s4);
      margin: 0;
      font-size: var(--small);
    }
    dt {
      color: var(--soft);
    }
    dd {
      margin: 0;
      overflow-wrap: anywhere;
      font-variant-numeric: tabular-nums;
    }
    .code {
      position: relative;
      pre {
        margin: 0;
        padding: var(--s3);
        padding-right: 48px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        border-radius: var(--round);
        background: var(--well);
        max-height: 240px;
        overflow: auto;
      }
      button {
        position: absolute;
        top: 4px;
        right: 4px;
      }
    }
  }
`);

const WAYS = /** @type {const} */ ([
  ['cli', asCommand],
  ['python', asPython],
  ['curl', asCurl],
]);

export class RecipeCard extends HTMLElement {
  way = 0;

  /** @param {Picture} picture */
  constructor(picture) {
    super();
    this.picture = picture;
  }

  connectedCallback() {
    const { recipe, created, seconds } = this.picture;
    const f = t.picture.fields;
    const { operation, strength, margins, toward, controls = [], references = [] } = recipe;
    const edited = !isOfWords(recipe);
    const rows = [
      [f.operation, edited ? wayOf(recipe) : null],
      [f.strength, edited && operation !== 'scene' && !isFinished(recipe) ? t.picture.share(strength) : null],
      [f.margins, margins && t.picture.sides(margins)],
      [f.toward, toward?.seed ? t.picture.turned(toward.share, toward.seed) : null],
      [f.controls, controls.map(({ kind, weight }) => `${kindOfControl(kind)}, ${t.picture.share(weight)}`).join('; ')],
      [f.references, references.map(({ weight }) => t.picture.share(weight)).join(', ')],
      [f.negative, recipe.negative],
      [f.style, recipe.style],
      [f.model, recipe.model],
      [f.seed, recipe.seed],
      [f.size, `${recipe.width} × ${recipe.height}`],
      [f.steps, recipe.steps],
      [f.guidance, recipe.guidance],
      [f.cache, recipe.cache ? t.picture.share(recipe.cache) : null],
      [f.sampler, recipe.sampler],
      [f.schedule, recipe.schedule],
      [f.loras, recipe.loras.map(({ name, weight }) => `${name}:${weight}`).join(', ')],
      [f.finish, recipe.finish.join(', ')],
      [f.created, `${new Date(created).toLocaleString()}, ${t.picture.painted(seconds)}`],
    ];
    const table = h(
      'dl',
      {},
      rows
        .filter(([, value]) => value !== null && value !== '')
        .flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
    );
    if (edited) this.count(table);
    this.ways = h('div', { class: 'row', role: 'group', 'aria-label': t.picture.as });
    this.code = h('pre', { class: 'words', tabindex: 0 });
    const copy = h(
      'button',
      { class: 'bare', 'aria-label': t.picture.copy, title: t.picture.copy, onclick: () => this.copy() },
      icon('copy', 18),
    );
    fill(this, table, this.ways, h('div', { class: 'code' }, this.code, copy));
    this.show();
  }

  /** What became of the part of it that was to stay. @param {HTMLElement} table */
  async count(table) {
    const n = await changedOutside(this.picture).catch(() => null);
    if (n === null) return;
    const said = (this.picture.recipe.mask ? t.canvas.outside : t.canvas.kept)(n);
    table.prepend(h('dt', {}, t.picture.fields.outside), h('dd', { class: 'kept' }, said));
  }

  show() {
    const button = (/** @type {'cli' | 'python' | 'curl'} */ name, /** @type {number} */ i) =>
      h(
        'button',
        {
          'aria-pressed': String(i === this.way),
          onclick: () => {
            this.way = i;
            this.show();
          },
        },
        t.picture[name],
      );
    if (this.ways)
      fill(
        this.ways,
        WAYS.map(([name], i) => button(name, i)),
      );
    if (this.code) fill(this.code, WAYS[this.way]?.[1](this.picture));
  }

  async copy() {
    const text = this.code?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection()?.selectAllChildren(this.code ?? this); // no clipboard outside https and localhost: Ctrl+C takes it
      document.execCommand('copy');
    }
    say(t.picture.copied);
  }
}

customElements.define('recipe-card', RecipeCard);
