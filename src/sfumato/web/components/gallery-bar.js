/** Above the gallery: words, filters and boards; or, when pictures are selected, what can be done with them. */

import { boards } from '../data/boards.js';
import { catalog } from '../data/catalog.js';
import * as client from '../data/client.js';
import { choices, PICKED } from '../data/choices.js';
import { library } from '../data/library.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, later, listen, opens, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { ask } from './ask-dialog.js';
import { find } from './picture-acts.js';
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
    .filters > button {
      color: var(--soft);
      &.set {
        color: var(--ink);
        background: var(--well);
      }
    }
    .filters .text {
      max-width: 16ch;
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .set-now {
      display: flex;
      gap: var(--s1);
      min-width: 0;
      overflow-x: auto;
      button {
        min-height: var(--dense);
        gap: var(--s1);
        padding: 0 6px 0 var(--s3);
        background: var(--well);
        font-size: var(--small);
      }
    }
    .size {
      width: 92px;
    }
    @media (max-width: 700px) {
      .size,
      .count,
      .filters .text {
        display: none;
      }
      .filters > button {
        width: var(--touch);
        padding: 0;
      }
      .bar {
        gap: var(--s1);
        flex-wrap: wrap;
      }
      .find {
        flex: 1 1 120px;
        min-width: 100px;
      }
      .set-now {
        order: 9;
        flex-basis: 100%;
        &:empty {
          display: none;
        }
      }
    }
  }
`);

class GalleryBar extends HTMLElement {
  connectedCallback() {
    this.setSide(kept('side', SIDES.usual));
    this.filters = this.buildFilters();
    this.acts = h('selection-bar', { class: 'bar' });
    fill(this, this.filters, this.acts);
    this.stop = listen([
      [choices, 'change', () => this.show()],
      [library, 'change', () => this.show()],
      [catalog, 'change', () => this.show()],
      [boards, 'change', () => this.show()],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  buildFilters() {
    const search = later((/** @type {string} */ text) => find({ text }), WAIT);
    this.words = h('input', {
      type: 'search',
      placeholder: t.gallery.search,
      'aria-label': t.gallery.search,
      oninput: () => search(this.words?.value ?? ''),
    });
    this.words.value = library.search.text ?? '';
    const named = (/** @type {import('../icons.js').IconName} */ sign, /** @type {string} */ text) =>
      h('button', { title: text, 'aria-label': text }, icon(sign, 18), h('span', { class: 'text' }, text));
    const [filter, panel, board, shelf] = [
      named('filter', t.gallery.filter),
      h('filter-panel', { 'aria-label': t.gallery.filters }),
      named('board', t.gallery.boards),
      h('board-panel'),
    ];
    shelf.ariaLabel = t.gallery.boards;
    opens(filter, panel);
    opens(board, shelf);
    this.picked = named('pick', t.gallery.picked);
    this.picked.addEventListener('click', () => find({ tag: library.search.tag === PICKED ? undefined : PICKED }));
    this.trash = named('bin', t.gallery.trash);
    this.trash.addEventListener('click', () => find({ trashed: !library.search.trashed }));
    this.empty = h('button', { class: 'wrong', onclick: () => this.emptyTrash() }, t.gallery.emptyTrash);
    this.now = h('span', { class: 'set-now', role: 'group', 'aria-label': t.gallery.filters });
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
      filter,
      board,
      this.picked,
      this.now,
      h('span', { class: 'push' }),
      this.number,
      size,
      this.empty,
      this.trash,
      panel,
      shelf,
    );
  }

  async emptyTrash() {
    const said = [h('p', {}, t.gallery.emptyTrashHint)];
    const words = { yes: t.gallery.emptyTrashYes, no: t.models.keep, wrong: true };
    if (!(await ask(t.gallery.emptyTrash, said, words))) return;
    try {
      const { pictures, bytes } = await client.emptyTrash();
      say(t.gallery.emptied(pictures, bytes));
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
    await library.reload();
  }

  /** What is searched for beside words, each with a way to leave it out. */
  conditions() {
    const { model, rating, tag, since, until, board } = library.search;
    const day = (/** @type {string | undefined} */ moment, less = 0) =>
      moment ? new Date(new Date(moment).getTime() - less).toLocaleDateString() : '…';
    /** @type {[string | number | false | undefined, import('../data/client.js').Search][]} */
    const all = [
      [board && boards.get(board)?.name, { board: undefined }],
      [model && (catalog.cards.find(({ name }) => name === model)?.title ?? model), { model: undefined }],
      [rating && t.gallery.atLeast(rating), { rating: undefined }],
      [tag && tag !== PICKED && tag, { tag: undefined }],
      [(since || until) && `${day(since)} – ${until ? day(until, 1) : ''}`, { since: undefined, until: undefined }],
    ];
    return all.flatMap(([text, without]) => (typeof text === 'string' && text ? [{ text, without }] : []));
  }

  /** @param {number} side of a tile, pixels */
  setSide(side) {
    keep('side', side);
    document.documentElement.style.setProperty('--tile', `${innerWidth < 560 ? Math.min(side, 160) : side}px`);
    dispatchEvent(new Event('scroll'));
  }

  show() {
    const selecting = choices.selected.size > 0;
    if (this.number) fill(this.number, library.total > 0 ? t.gallery.count(library.total) : null);
    this.picked?.setAttribute('aria-pressed', String(library.search.tag === PICKED));
    this.trash?.setAttribute('aria-pressed', String(Boolean(library.search.trashed)));
    if (this.empty) this.empty.hidden = !library.search.trashed || library.total < 1;
    if (!this.filters || !this.acts || !this.now) return;
    const conditions = this.conditions();
    if (conditions.map(({ text }) => text).join() !== [...this.now.children].map((one) => one.textContent).join()) {
      fill(
        this.now,
        conditions.map(({ text, without }) =>
          h(
            'button',
            { 'aria-label': t.gallery.without(text), title: t.gallery.without(text), onclick: () => find(without) },
            text,
            icon('close', 14),
          ),
        ),
      );
    }
    this.filters.hidden = selecting;
    this.acts.hidden = !selecting;
  }
}

customElements.define('gallery-bar', GalleryBar);
