/** What is to be done on the canvas: the way, its words and settings, and the button. Says `way` and `paint`. */

/** @import {WayName} from '../data/edits.js' */
/** @import {IconName} from '../icons.js' */
/** @import {Order} from '../types.js' */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { operations, WAYS } from '../data/edits.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon, shape } from '../icons.js';
import { t } from '../texts.js';
import './seed-lock.js';

const SIGNS = /** @type {Record<WayName, IconName>} */ ({
  inpaint: 'brush',
  erase: 'erase',
  scene: 'scene',
  outpaint: 'extend',
  pose: 'pose',
});
const SHAPES = ['9:16', '3:4', '1:1', '4:3', '3:2', '16:9', '21:9'];
const COUNTS = [1, 2, 4];

style(css`
  canvas-form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    align-content: start;
    .ways {
      display: grid;
      grid-template-columns: repeat(5, auto);
      gap: 2px;
      padding: 3px;
      overflow-x: auto;
      border-radius: var(--round);
      background: var(--well);
      button {
        flex-direction: column;
        gap: 3px;
        min-height: 56px;
        padding: var(--s1);
        border-radius: 9px;
        font-size: var(--small);
        color: var(--soft);
        &[aria-pressed='true'] {
          background: light-dark(var(--sheet), var(--lifted));
          color: var(--ink);
          box-shadow: var(--low);
        }
        @media (max-width: 400px) {
          padding: 0;
          font-size: 0.75rem;
        }
      }
    }
    textarea {
      min-height: 84px;
      field-sizing: content;
      max-height: 200px;
    }
    label {
      display: grid;
      gap: var(--s1);
    }
    .name {
      display: flex;
      justify-content: space-between;
      gap: var(--s2);
    }
    .shapes {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(64px, 1fr));
      gap: var(--s1);
      button {
        flex-direction: column;
        gap: 0;
        padding: var(--s1);
        border-radius: var(--round-s);
        font-size: var(--small);
      }
    }
    .rest {
      display: contents;
    }
    .pair {
      display: flex;
      justify-content: space-between;
      align-items: end;
      gap: var(--s4);
    }
    .counts {
      display: flex;
      gap: 2px;
      button {
        width: var(--touch);
        padding: 0;
      }
    }
    .main {
      min-height: 44px;
    }
  }
`);

export class CanvasForm extends HTMLElement {
  /** @type {WayName} */
  way = kept('way', 'inpaint');

  /** @type {Record<string, string>} */
  words = {};

  /** Where the slider was put; undefined: as usual. @type {number | undefined} */
  slid;

  /** @type {string | undefined} */
  model;

  n = 1;

  /** Stays where it is while the rest is made anew, or a press in that very moment would be lost. */
  ways = h('div', { class: 'ways', role: 'group', 'aria-label': t.canvas.way }, this.buttons());

  rest = h('div', { class: 'rest' });

  connectedCallback() {
    fill(this, this.ways, this.rest);
    this.stop = listen([[catalog, 'change', () => this.show()]]);
    this.show();
    operations().then(
      (found) => {
        this.operations = found;
        this.show();
      },
      () => {}, // the picture's own model is taken, and the server says if it cannot
    );
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** @param {string} model that painted the picture @param {string} prompt */
  begin(model, prompt) {
    this.model = model;
    this.words = { inpaint: prompt, outpaint: prompt };
    this.show();
  }

  /** Models that can do what is chosen, and are here. */
  get models() {
    if (this.way === 'pose')
      return catalog.cards.filter(({ name, controls }) => catalog.here.has(name) && controls?.includes('pose'));
    const wanted = this.operations?.get(this.way)?.needs ?? [];
    return catalog.cards.filter(
      ({ name, operations }) => catalog.here.has(name) && operations.some((one) => wanted.includes(one)),
    );
  }

  /** What is wished for, as far as it is said here. @returns {Order & {weight?: number}} */
  get wish() {
    const { slider, words } = WAYS[this.way];
    const known = this.models.some(({ name }) => name === this.model);
    const model = known ? this.model : (this.models[0]?.name ?? this.model);
    return {
      prompt: words === 'none' ? '' : (this.words[this.way] ?? '').trim(),
      n: this.n,
      ...(model && { model }),
      ...(draft.order.seed && { seed: draft.order.seed }),
      ...(this.slid !== undefined && { [slider]: this.slid }),
    };
  }

  /** @param {WayName} way */
  choose(way) {
    this.way = way;
    this.slid = undefined;
    keep('way', way);
    this.show();
    this.dispatchEvent(new Event('way'));
  }

  show() {
    const way = WAYS[this.way];
    this.problem = h('p', { class: 'tell small', role: 'alert' });
    this.go = h(
      'button',
      { class: 'main', onclick: () => this.dispatchEvent(new Event('paint')) },
      t.canvas.paint[this.way],
    );
    for (const one of this.ways.querySelectorAll('button')) one.ariaPressed = String(one.dataset['way'] === this.way);
    fill(
      this.rest,
      h('p', { class: 'quiet small' }, t.canvas.about[this.way]),
      way.by === 'frame' && this.shapes(),
      way.words !== 'none' && this.prompt(),
      this.slider(),
      h('div', { class: 'pair' }, this.counts(), h('seed-lock')),
      this.models.length > 0 && this.picker(),
      this.problem,
      this.go,
    );
    if (this.way !== 'pose' || this.models.length) return;
    this.go.disabled = true;
    const see = () => (location.hash = '#/models/all/pose');
    this.complain(
      t.pose.none,
      h('span', { class: 'remedies' }, h('button', { class: 'edged', onclick: see }, t.pose.models)),
    );
  }

  buttons() {
    const names = /** @type {WayName[]} */ (Object.keys(WAYS));
    return names.map((name) =>
      h('button', { 'data-way': name, onclick: () => this.choose(name) }, icon(SIGNS[name]), t.canvas.ways[name]),
    );
  }

  prompt() {
    const words = h('textarea', {
      'aria-label': t.canvas.words[this.way],
      placeholder: t.canvas.words[this.way],
      value: this.words[this.way] ?? '',
      oninput: () => (this.words[this.way] = words.value),
    });
    return words;
  }

  shapes() {
    const choose = (/** @type {string} */ detail) => this.dispatchEvent(new CustomEvent('shape', { detail }));
    return h(
      'div',
      { class: 'shapes', role: 'group', 'aria-label': t.prompt.shape },
      SHAPES.map((ratio) => h('button', { onclick: () => choose(ratio) }, shape(ratio, 28), ratio)),
    );
  }

  slider() {
    const { slider, usual } = WAYS[this.way];
    const shown = h('span', { class: 'quiet' }, t.canvas.usual);
    const range = h('input', {
      type: 'range',
      min: 0,
      max: 1,
      step: 0.05,
      value: this.slid ?? usual,
      'aria-label': t.canvas[slider],
      oninput: () => {
        this.slid = Number(range.value);
        fill(shown, `${Math.round(this.slid * 100)} %`);
      },
    });
    if (this.slid !== undefined) fill(shown, `${Math.round(this.slid * 100)} %`);
    return h('label', {}, h('span', { class: 'name' }, t.canvas[slider], shown), range);
  }

  counts() {
    const group = h('div', { class: 'counts', role: 'group', 'aria-label': t.canvas.many });
    const lay = () =>
      fill(
        group,
        COUNTS.map((n) =>
          h(
            'button',
            {
              'aria-pressed': String(n === this.n),
              onclick: () => {
                this.n = n;
                lay();
              },
            },
            n,
          ),
        ),
      );
    lay();
    return h('div', {}, t.canvas.many, group);
  }

  picker() {
    const options = this.models.map(({ name, title }) => h('option', { value: name }, title));
    const select = h('select', { onchange: () => (this.model = select.value) }, options);
    select.value = this.wish.model ?? '';
    return h('label', {}, t.canvas.model, select);
  }

  /** Says why it cannot be done; nothing where it can. @param {string} text @param {Element | null} [remedy] */
  complain(text, remedy = null) {
    if (this.problem) fill(this.problem, text, remedy);
  }

  /** @param {boolean} busy */
  wait(busy) {
    if (this.go) this.go.disabled = busy;
  }
}

customElements.define('canvas-form', CanvasForm);
