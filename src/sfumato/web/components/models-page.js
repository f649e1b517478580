/** The models there are: what each is good at and not, its licence, what it takes. */

/** @import {Card} from '../types.js' */

import { catalog, fits } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

style(css`
  models-page {
    display: grid;
    gap: var(--s4);
    max-width: 1120px;
    width: 100%;
    margin: var(--s4) auto 0;
    .models {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr));
      gap: var(--s3);
    }
    article {
      display: grid;
      gap: var(--s3);
      align-content: start;
      padding: var(--s5);
      border-radius: var(--round-l);
      background: var(--sheet);
      box-shadow: inset 0 0 0 1px var(--line);
    }
    article h3 {
      font: italic 400 1.375rem/1.2 var(--serif);
    }
    dl {
      display: grid;
      gap: 2px;
      margin: 0;
      font-size: var(--small);
      dt {
        color: var(--soft);
        margin-top: var(--s1);
      }
      dd {
        margin: 0;
      }
    }
    article > button {
      justify-self: start;
      margin-top: var(--s1);
    }
    input {
      max-width: 420px;
    }
  }
`);

class ModelsPage extends HTMLElement {
  connectedCallback() {
    this.search = h('input', {
      type: 'search',
      placeholder: t.models.search,
      'aria-label': t.models.search,
      oninput: () => this.show(),
    });
    this.list = h('div', { class: 'models' });
    fill(this, h('h2', {}, t.models.title), this.search, this.list);
    this.stop = listen([
      [catalog, 'change', () => this.show()],
      [draft, 'change', () => this.show()],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const found = catalog.cards.filter((card) => fits(card, this.search?.value ?? ''));
    if (this.list) fill(this.list, found.map(article));
  }
}

/** @param {Card} card */
function article(card) {
  return h(
    'article',
    {},
    h('h3', {}, card.title),
    h('p', {}, card.about),
    h(
      'dl',
      {},
      h('dt', {}, t.models.best),
      h('dd', {}, card.knows),
      card.lacks && h('dt', {}, t.models.worst),
      card.lacks && h('dd', {}, card.lacks),
      h('dt', {}, t.models.licence),
      h(
        'dd',
        {},
        `${card.licence} · ${card.commercial ? t.models.business : t.models.private}`,
        card.licence_note && ` · ${card.licence_note}`,
      ),
      h('dt', {}, card.name),
      h(
        'dd',
        {},
        [card.parameters && t.models.parameters(card.parameters), ...card.operations].filter(Boolean).join(' · '),
      ),
    ),
    foot(card),
  );
}

/** In use, ready to be, or to be pulled first. @param {Card} card */
function foot(card) {
  if (catalog.card(draft.order.model)?.name === card.name) {
    return h('p', { class: 'small quiet row' }, icon('check', 18), t.models.used);
  }
  if (!catalog.here.has(card.name))
    return h('p', { class: 'small' }, t.models.pull(card.name), card.gated && ` ${t.models.gated}`);
  const use = () => {
    draft.set({ model: card.name });
    location.hash = '#/';
  };
  return h('button', { class: 'edged', onclick: use }, t.models.use);
}

customElements.define('models-page', ModelsPage);
