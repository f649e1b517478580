/** Choosing a model: what each is good at, and whether its licence allows business. */

/** @import {Card} from '../types.js' */

import { catalog, fits, needs } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const MOST_SHOWN = 40;
const MANY = 6; // models, from which on a search helps

style(css`
  model-picker {
    width: 400px;
    .models {
      display: grid;
      gap: 2px;
    }
    .models button {
      display: grid;
      grid-template-columns: 1fr auto;
      gap: 2px var(--s2);
      width: 100%;
      padding: var(--s2) var(--s3);
      border-radius: var(--round-s);
      text-align: left;
      white-space: normal;
      justify-items: start;
      p {
        grid-column: 1 / -1;
      }
    }
  }
`);

class ModelPicker extends HTMLElement {
  connectedCallback() {
    this.search = h('input', {
      type: 'search',
      placeholder: t.models.search,
      'aria-label': t.models.search,
      oninput: () => this.show(),
    });
    this.list = h('div', { class: 'models', role: 'group', 'aria-label': t.prompt.model });
    fill(this, h('div', { class: 'stack' }, this.search, this.list, h('a', { href: '#/models' }, t.models.every)));
    this.stop = listen([
      [catalog, 'change', () => this.matches(':popover-open') && this.show()],
      [this, 'beforetoggle', (event) => event.newState === 'open' && this.show()],
    ]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const words = this.search?.value ?? '';
    if (this.search) this.search.hidden = catalog.cards.length < MANY;
    const used = catalog.card(draft.order.model)?.name;
    const found = catalog.cards.filter((card) => fits(card, words)).slice(0, MOST_SHOWN);
    if (this.list)
      fill(
        this.list,
        found.map((card) => this.button(card, card.name === used)),
      );
  }

  /** @param {Card} card @param {boolean} used */
  button(card, used) {
    const here = catalog.here.has(card.name);
    const bytes = needs(card);
    const facts = [card.licence, card.commercial ? t.models.business : t.models.private];
    const take = () => {
      if (here) choose(card.name);
      else location.hash = `#/models/all/${card.name}`;
      this.hidePopover();
    };
    return h(
      'button',
      { 'aria-pressed': String(used), onclick: take },
      h('strong', {}, card.title),
      h('span', { class: 'small quiet row' }, used ? icon('check', 18) : !here && [icon('fetch', 16), t.models.fetch]),
      h('p', { class: 'small quiet', lang: 'en' }, card.about),
      card.best_for.length > 0 &&
        h('p', { class: 'small quiet' }, `${t.models.for}: ${card.best_for.map(t.models.purpose).join(', ')}`),
      h(
        'p',
        { class: 'small quiet' },
        [...facts, card.repository && bytes !== null && t.size(bytes)].filter(Boolean).join(' · '),
      ),
    );
  }
}

/** Settings of one model mean little for another, and some would be refused: they go back to the usual. @param {string} model */
export function choose(model) {
  const blank = {
    steps: undefined,
    guidance: undefined,
    rescale: undefined,
    cache: undefined,
    sampler: undefined,
    schedule: undefined,
    style: undefined,
    loras: undefined,
    controls: undefined,
    references: undefined,
  };
  draft.set({ model, ...(model === catalog.card(draft.order.model)?.name ? {} : blank) });
}

customElements.define('model-picker', ModelPicker);
