/** The catalogue: models that are here, and those that can be fetched, found by words and by what they are good for. */

/** @import {Card} from '../types.js' */

import { catalog, fits, needs } from '../data/catalog.js';
import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import { ModelRow } from './model-row.js';

const MOST_PURPOSES = 14;

style(css`
  model-list {
    display: grid;
    gap: var(--s4);
    grid-template-columns: minmax(0, 1fr);
    .chips {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
      button {
        min-height: 32px;
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

class ModelList extends HTMLElement {
  /** What a model has to be good for. @type {string | null} */
  purpose = null;

  commercial = false;

  fit = false;

  /** @type {{free: number, memory: number | null}} bytes */
  machine = { free: 0, memory: null };

  /** @type {Map<string, ModelRow>} */
  rows = new Map();

  connectedCallback() {
    this.search = h('input', {
      type: 'search',
      placeholder: t.models.search,
      'aria-label': t.models.search,
      value: this.dataset['name'] ?? '',
      oninput: () => this.show(),
    });
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': t.models.for });
    this.number = h('p', { class: 'small quiet', role: 'status' });
    this.sections = [t.models.here, t.models.others].map((title) => {
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

  show() {
    if (!this.chips || !this.sections || !this.number) return;
    const found = catalog.cards.filter((card) => this.wanted(card));
    fill(this.chips, this.choices());
    fill(
      this.number,
      found.length ? t.models.count(found.length) : t.models.none,
      this.machine.free > 0 && ` · ${t.models.free(this.machine.free)}`,
    );
    [true, false].forEach((here, i) => {
      const part = this.sections?.[i];
      const cards = found.filter(({ name }) => catalog.here.has(name) === here);
      if (!part) return;
      part.section.hidden = cards.length === 0;
      fill(
        part.list,
        cards.map((card) => this.row(card)),
      );
    });
  }

  /** @param {Card} card */
  wanted(card) {
    if (this.purpose && !card.best_for.includes(this.purpose)) return false;
    if (this.commercial && !card.commercial) return false;
    const bytes = needs(card);
    if (this.fit && (bytes === null || bytes > Math.min(this.machine.free, this.machine.memory ?? Infinity)))
      return false;
    return fits(card, this.search?.value ?? '');
  }

  /** @param {Card} card */
  row(card) {
    const row = this.rows.get(card.name) ?? new ModelRow(card);
    this.rows.set(card.name, row);
    row.show(this.machine);
    return row;
  }

  choices() {
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
    const counts = new Map();
    for (const { best_for } of catalog.cards) for (const one of best_for) counts.set(one, (counts.get(one) ?? 0) + 1);
    const purposes = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_PURPOSES);
    return [
      chip(t.models.commercial, this.commercial, () => (this.commercial = !this.commercial)),
      this.machine.memory !== null && chip(t.models.fits, this.fit, () => (this.fit = !this.fit)),
      ...purposes.map(([name]) =>
        chip(name, this.purpose === name, () => (this.purpose = this.purpose === name ? null : name)),
      ),
    ];
  }
}

customElements.define('model-list', ModelList);
