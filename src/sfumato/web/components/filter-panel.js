/** Which pictures the gallery shows: model, rating, when they were painted, tags. */

import * as client from '../data/client.js';
import { catalog } from '../data/catalog.js';
import { library } from '../data/library.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import { find } from './picture-acts.js';

const DAY = 86_400_000; // milliseconds
const MOST_TAGS = 40;

style(css`
  filter-panel {
    width: 404px;
    .chips {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
    }
    .chips button {
      min-height: 32px;
      box-shadow: inset 0 0 0 1px var(--line);
      &[aria-pressed='true'] {
        background: var(--ink);
        color: var(--paper);
      }
    }
    .chips .n {
      color: var(--soft);
      font-size: var(--small);
    }
    [aria-pressed='true'] .n {
      color: inherit;
    }
    .between {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: var(--s2);
    }
    h3 {
      font-weight: 500;
      font-size: var(--small);
      color: var(--soft);
      margin-bottom: var(--s1);
    }
  }
`);

/** The beginning of a day some days ago, here. @param {number} ago */
function day(ago) {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - ago).toISOString();
}

/** @type {[keyof typeof t.gallery.dates, () => string | undefined][]} */
const DATES = [
  ['any', () => undefined],
  ['today', () => day(0)],
  ['week', () => day(6)],
  ['month', () => day(29)],
];

class FilterPanel extends HTMLElement {
  /** Which of the dates is chosen; between: by two days. @type {keyof typeof t.gallery.dates} */
  date = 'any';

  connectedCallback() {
    this.stop = listen([
      [this, 'beforetoggle', (event) => event.newState === 'open' && this.show()],
      [library, 'change', () => this.matches(':popover-open') && this.show()],
    ]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  async show() {
    const round = (this.round = (this.round ?? 0) + 1);
    const { tag, board, trashed } = library.search;
    if (!library.search.since && !library.search.until) this.date = 'any';
    const tags = await client.tagsOf({ board, trashed }).catch(() => ({}));
    if (round !== this.round) return;
    const focused = document.activeElement?.closest('[data-chip]')?.getAttribute('data-chip');
    fill(this, h('div', { class: 'stack' }, this.models(), this.ratings(), this.dates(), this.tags(tags, tag)));
    const again = focused && this.querySelector(`[data-chip="${CSS.escape(focused)}"]`);
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {string} title @param {(Node | false)[]} chips */
  group(title, chips) {
    return h(
      'section',
      {},
      h('h3', {}, title),
      h('div', { class: 'chips', role: 'group', 'aria-label': title }, chips),
    );
  }

  /** @param {string} text @param {boolean} on @param {() => void} onclick @param {string | number} [n] @param {string} [name] */
  chip(text, on, onclick, n, name) {
    const number = n !== undefined && h('span', { class: 'n' }, n);
    return h('button', { 'aria-pressed': String(on), 'aria-label': name, 'data-chip': text, onclick }, text, number);
  }

  models() {
    const here = catalog.cards.filter(({ name }) => catalog.here.has(name));
    if (here.length < 2) return false;
    const { model } = library.search;
    return this.group(t.prompt.model, [
      this.chip(t.gallery.all, !model, () => find({ model: undefined })),
      ...here.map(({ name, title }) => this.chip(title, model === name, () => find({ model: name }))),
    ]);
  }

  ratings() {
    const { rating } = library.search;
    return this.group(t.gallery.rated, [
      this.chip(t.gallery.anyRating, !rating, () => find({ rating: undefined })),
      ...[1, 2, 3, 4, 5].map((n) =>
        this.chip(`${n} ★`, rating === n, () => find({ rating: n }), undefined, t.gallery.atLeast(n)),
      ),
    ]);
  }

  dates() {
    const choose = (/** @type {keyof typeof t.gallery.dates} */ name, /** @type {string | undefined} */ since) => {
      this.date = name;
      find({ since, until: undefined });
    };
    const chips = DATES.map(([name, since]) =>
      this.chip(t.gallery.dates[name], this.date === name, () => choose(name, since())),
    );
    const between = this.chip(t.gallery.dates.between, this.date === 'between', () => {
      this.date = 'between';
      find({ since: day(6), until: undefined });
    });
    const section = this.group(t.gallery.when, [...chips, between]);
    if (this.date === 'between') section.append(this.between());
    return section;
  }

  between() {
    const { since, until } = library.search;
    const local = (/** @type {string | undefined} */ moment, /** @type {number} */ back) => {
      if (!moment) return '';
      const at = new Date(new Date(moment).getTime() - back);
      return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
    };
    const moment = (/** @type {string} */ text, /** @type {number} */ later) =>
      text ? new Date(new Date(`${text}T00:00`).getTime() + later).toISOString() : undefined;
    const from = h('input', {
      type: 'date',
      value: local(since, 0),
      onchange: () => find({ since: moment(from.value, 0) }),
    });
    const to = h('input', {
      type: 'date',
      value: local(until, DAY),
      onchange: () => find({ until: moment(to.value, DAY) }),
    });
    return h('div', { class: 'between' }, h('label', {}, t.gallery.from, from), h('label', {}, t.gallery.to, to));
  }

  /** @param {Record<string, number>} tags @param {string | undefined} tag */
  tags(tags, tag) {
    const known = Object.entries(tags).slice(0, MOST_TAGS);
    if (known.length === 0) return h('p', { class: 'small quiet' }, t.gallery.noTags);
    const turn = (/** @type {string} */ name) => find({ tag: library.search.tag === name ? undefined : name });
    return this.group(
      t.gallery.tags,
      known.map(([name, n]) => this.chip(name, tag === name, () => turn(name), n)),
    );
  }
}

customElements.define('filter-panel', FilterPanel);
