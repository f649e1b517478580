/** Above the gallery: search and filters; or, when pictures are selected, what can be done with them. */

import { catalog } from '../data/catalog.js';
import { choices, PICKED, REJECTED } from '../data/choices.js';
import { library } from '../data/library.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, later, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { bin, compare, mark, rate } from './picture-acts.js';
import { say } from './say-line.js';

const WAIT = 200; // milliseconds without typing, before it searches
const SIDES = { low: 104, high: 340, usual: 208 };

style(css`
  gallery-bar {
    position: sticky;
    top: 0;
    z-index: 20;
    display: block;
    margin: 0 calc(-1 * var(--s3));
    padding: var(--s2) var(--s3);
    background: var(--paper);
    .bar {
      display: flex;
      align-items: center;
      gap: var(--s2);
      min-height: var(--touch);
    }
    .find {
      position: relative;
      flex: 1 1 180px;
      min-width: 150px;
      max-width: 420px;
      svg {
        position: absolute;
        left: 11px;
        top: 50%;
        translate: 0 -50%;
        color: var(--soft);
      }
      input {
        padding-left: 38px;
        border-radius: 99px;
        border-color: transparent;
        background: var(--well);
      }
    }
    select {
      width: auto;
      field-sizing: content;
      border-color: transparent;
      border-radius: 99px;
      background: transparent;
      color: var(--soft);
      &:hover {
        background: var(--well);
      }
    }
    .size {
      width: 92px;
    }
    .stars button {
      min-width: 30px;
      width: 30px;
      color: var(--star);
      font-size: 1.05rem;
    }
    .acts {
      display: flex;
      align-items: center;
      gap: var(--s1);
      overflow-x: auto;
      flex: 1;
      padding: 2px;
    }
    @media (max-width: 700px) {
      .size,
      .count {
        display: none;
      }
      .filters {
        overflow-x: auto;
      }
    }
  }
`);

class GalleryBar extends HTMLElement {
  /** How many were selected when the buttons were made. */
  listed = 0;

  connectedCallback() {
    this.setSide(kept('side', SIDES.usual));
    this.filters = this.buildFilters();
    this.acts = h('div', { class: 'bar', role: 'toolbar', 'aria-label': t.gallery.label });
    fill(this, this.filters, this.acts);
    this.stop = listen([
      [choices, 'change', () => this.show()],
      [library, 'change', () => this.show()],
      [catalog, 'change', () => this.listModels()],
    ]);
    this.listModels();
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  buildFilters() {
    const search = later((/** @type {string} */ text) => this.find({ text }), WAIT);
    this.words = h('input', {
      type: 'search',
      placeholder: t.gallery.search,
      'aria-label': t.gallery.search,
      oninput: () => search(this.words?.value ?? ''),
    });
    this.words.value = library.search.text ?? '';
    this.model = h('select', { 'aria-label': t.prompt.model, onchange: () => this.find({ model: this.model?.value }) });
    const rating = h(
      'select',
      { 'aria-label': t.gallery.rated, onchange: () => this.find({ rating: Number(rating.value) || undefined }) },
      h('option', { value: '' }, t.gallery.anyRating),
      [1, 2, 3, 4, 5].map((n) => h('option', { value: n }, t.gallery.atLeast(n))),
    );
    rating.value = String(library.search.rating ?? '');
    this.picked = h(
      'button',
      { 'aria-pressed': 'false', onclick: () => this.find({ tag: library.search.tag ? undefined : PICKED }) },
      icon('pick', 18),
      t.gallery.picked,
    );
    this.trash = h(
      'button',
      {
        class: 'bare',
        'aria-pressed': 'false',
        'aria-label': t.gallery.trash,
        title: t.gallery.trash,
        onclick: () => this.find({ trashed: !library.search.trashed }),
      },
      icon('bin', 18),
    );
    this.number = h('span', { class: 'quiet small count', 'aria-live': 'polite' });
    const size = h('input', {
      type: 'range',
      class: 'size',
      min: SIDES.low,
      max: SIDES.high,
      'aria-label': t.gallery.size,
      title: t.gallery.size,
      value: kept('side', SIDES.usual),
      oninput: () => this.setSide(Number(size.value)),
    });
    return h(
      'div',
      { class: 'bar filters' },
      h('div', { class: 'find' }, icon('search', 18), this.words),
      this.model,
      rating,
      this.picked,
      h('span', { class: 'push' }),
      this.number,
      size,
      this.trash,
    );
  }

  /** @param {import('../data/client.js').Search} search */
  find(search) {
    choices.clear();
    library.find({ ...library.search, ...search }).catch((error) => say(error.message));
  }

  /** @param {number} side of a tile, pixels */
  setSide(side) {
    keep('side', side);
    document.documentElement.style.setProperty('--tile', `${innerWidth < 560 ? Math.min(side, 160) : side}px`);
    dispatchEvent(new Event('scroll'));
  }

  listModels() {
    if (!this.model) return;
    fill(
      this.model,
      h('option', { value: '' }, t.gallery.all),
      catalog.cards
        .filter(({ name }) => catalog.here.has(name))
        .map(({ name, title }) => h('option', { value: name }, title)),
    );
    this.model.value = library.search.model ?? '';
    this.model.hidden = catalog.here.size < 2;
  }

  show() {
    const meant = [...choices.selected.values()];
    if (this.number) fill(this.number, library.total > 0 ? t.gallery.count(library.total) : null);
    if (this.picked) this.picked.ariaPressed = String(Boolean(library.search.tag));
    if (this.trash) this.trash.ariaPressed = String(Boolean(library.search.trashed));
    if (!this.filters || !this.acts) return;
    this.filters.hidden = meant.length > 0;
    this.acts.hidden = meant.length === 0;
    if (meant.length !== this.listed) fill(this.acts, meant.length > 0 && this.buttons());
    this.listed = meant.length;
  }

  buttons() {
    const meant = () => [...choices.selected.values()];
    const button = (
      /** @type {import('../icons.js').IconName} */ name,
      /** @type {string} */ text,
      /** @type {() => void} */ onclick,
    ) => h('button', { onclick, 'aria-label': text, title: text }, icon(name, 18), h('span', { class: 'text' }, text));
    const away = Boolean(library.search.trashed);
    const ids = () =>
      meant()
        .map(({ id }) => id)
        .join(',');
    return [
      h(
        'button',
        { class: 'bare', 'aria-label': t.gallery.clear, title: t.gallery.clear, onclick: () => choices.clear() },
        icon('close', 18),
      ),
      h('strong', { 'aria-live': 'polite' }, t.gallery.chosen(choices.selected.size)),
      h(
        'span',
        { class: 'acts' },
        button('pick', t.gallery.pick, () => mark(meant(), PICKED)),
        button('reject', t.gallery.reject, () => mark(meant(), REJECTED)),
        h(
          'span',
          { class: 'stars row', role: 'group', 'aria-label': t.gallery.rated },
          [1, 2, 3, 4, 5].map((n) =>
            h(
              'button',
              {
                class: 'bare',
                'aria-label': t.gallery.rate(n),
                title: t.gallery.rate(n),
                onclick: () => rate(meant(), n),
              },
              '★',
            ),
          ),
        ),
        button('compare', t.gallery.compare, () => compare(meant())),
        button('export', t.gallery.export, () => (location.hash = `#/export/${ids()}`)),
        button('print', t.gallery.sheet, () => (location.hash = `#/sheet/${ids()}`)),
        away
          ? button('restore', t.gallery.restore, () => bin(meant(), false))
          : button('bin', t.gallery.bin, () => bin(meant(), true)),
      ),
    ];
  }
}

customElements.define('gallery-bar', GalleryBar);
