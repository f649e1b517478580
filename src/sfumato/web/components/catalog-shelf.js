/** A shelf of the catalogue: what is here, and what can be fetched, found by words and by kind or purpose. */

/** @import {Card, Listing, Machine} from '../types.js' */

import { catalog, fits } from '../data/catalog.js';
import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';

/** @import {CatalogRow} from './catalog-row.js' */

style(css`
  :is(model-list, listing-list) {
    display: grid;
    gap: var(--s4);
    grid-template-columns: minmax(0, 1fr);
    .chips {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
      button {
        min-height: var(--dense);
        box-shadow: inset 0 0 0 1px var(--line);
        &[aria-pressed='true'] {
          background: var(--ink);
          color: var(--paper);
        }
      }
    }
    section {
      display: grid;
      gap: var(--s2);
      grid-template-columns: minmax(0, 1fr);
    }
    h3 {
      color: var(--soft);
      font-weight: 500;
    }
  }
`);

/**
 * What each shelf has of its own throws here.
 *
 * @template {Card | Listing} One
 */
export class CatalogShelf extends HTMLElement {
  /** What the choices are about. */
  label = '';

  /** Of its parts, in their order. @type {string[]} */
  titles = [];

  /** Which of the choices is made. @type {string | null} */
  chosen = null;

  commercial = false;

  fit = false;

  /** @type {Machine} */
  machine = { free: 0, memory: null, gpu: false, fits: {} };

  /** @type {Map<string, CatalogRow<One>>} */
  rows = new Map();

  connectedCallback() {
    this.search = h('input', {
      type: 'search',
      placeholder: t.models.search,
      'aria-label': t.models.search,
      value: this.dataset['name'] ?? '',
      oninput: () => this.show(),
    });
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': this.label });
    this.number = h('p', { class: 'small quiet', role: 'status' });
    this.sections = this.titles.map((title) => {
      const list = h('div', { class: 'stack' });
      return { list, section: h('section', {}, h('h3', {}, title), list) };
    });
    fill(
      this,
      this.search,
      this.chips,
      this.number,
      this.sections.map(({ section }) => section),
    );
    this.stop = listen([
      [catalog, 'change', () => this.show()],
      [draft, 'change', () => this.show()],
    ]);
    this.show();
    client.machine().then(
      (machine) => {
        this.machine = machine;
        this.show();
      },
      () => {},
    );
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** What is on the shelf. @returns {One[]} */
  all() {
    throw new Error('a shelf of nothing');
  }

  /** The number of the part that it is shown in. @param {One} one @returns {number} */
  section(one) {
    throw new Error(`nowhere to show ${one.name}`);
  }

  /** What it can be chosen by. @param {One} one @returns {string[]} */
  words(one) {
    throw new Error(`no words for ${one.name}`);
  }

  /** What there is to choose by, and how it is called. @returns {Map<string, string>} */
  choices() {
    return new Map();
  }

  /** @param {One} one @returns {CatalogRow<One>} */
  made(one) {
    throw new Error(`no row for ${one.name}`);
  }

  show() {
    if (!this.chips || !this.sections || !this.number) return;
    const found = this.all().filter((one) => this.wanted(one));
    const focused = [...this.chips.children].findIndex((chip) => chip === document.activeElement);
    fill(this.chips, this.buttons());
    if (focused >= 0) /** @type {HTMLElement | undefined} */ (this.chips.children[focused])?.focus();
    fill(
      this.number,
      found.length ? t.models.count(found.length) : t.models.none,
      this.machine.free > 0 && ` · ${t.models.free(this.machine.free)}`,
    );
    this.sections.forEach(({ section, list }, i) => {
      const shown = found.filter((one) => this.section(one) === i);
      section.hidden = shown.length === 0;
      fill(
        list,
        shown.map((one) => this.row(one)),
      );
    });
  }

  /** @param {One} one */
  wanted(one) {
    if (this.chosen && !this.words(one).includes(this.chosen)) return false;
    if (this.commercial && !one.commercial) return false;
    if (this.fit && !(one.name in this.machine.fits)) return false;
    return fits(one, this.search?.value ?? '');
  }

  /** @param {One} one */
  row(one) {
    const row = this.rows.get(one.name) ?? this.made(one);
    this.rows.set(one.name, row);
    row.card = one;
    row.show(this.machine);
    return row;
  }

  buttons() {
    const chip = (/** @type {string} */ text, /** @type {boolean} */ on, /** @type {() => void} */ turn) =>
      h(
        'button',
        {
          'aria-pressed': String(on),
          onclick: () => {
            turn();
            this.show();
          },
        },
        text,
      );
    return [
      chip(t.models.commercial, this.commercial, () => (this.commercial = !this.commercial)),
      this.machine.memory !== null && chip(t.models.fits, this.fit, () => (this.fit = !this.fit)),
      ...[...this.choices()].map(([word, name]) =>
        chip(name, this.chosen === word, () => (this.chosen = this.chosen === word ? null : word)),
      ),
    ];
  }
}
