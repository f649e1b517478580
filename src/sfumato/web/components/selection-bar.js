/** What can be done with the selected pictures. */

import { boards } from '../data/boards.js';
import { choices, PICKED, REJECTED } from '../data/choices.js';
import { library } from '../data/library.js';
import { css, fill, h, listen, opens, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { BoardPanel } from './board-panel.js';
import { bin, compare, lift, like, mark, rate } from './picture-acts.js';
import './tag-panel.js';

/** @import {IconName} from '../icons.js' */

style(css`
  selection-bar {
    .stars {
      flex-wrap: nowrap;
      gap: 0;
    }
    .acts > * {
      flex: none;
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
    @media (max-width: 1100px) {
      .acts .text {
        display: none;
      }
      .acts > button,
      .acts > span > button {
        padding: 0 9px;
      }
    }
  }
`);

class SelectionBar extends HTMLElement {
  /** What the buttons were made for. */
  made = '';

  connectedCallback() {
    this.setAttribute('role', 'toolbar');
    this.ariaLabel = t.gallery.selected;
    this.stop = listen([[choices, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const now = `${choices.selected.size} ${library.search.board} ${library.search.trashed}`;
    if (now !== this.made) fill(this, choices.selected.size > 0 && this.buttons());
    this.made = now;
  }

  buttons() {
    const meant = () => [...choices.selected.values()];
    const button = (/** @type {IconName} */ name, /** @type {string} */ text, /** @type {() => void} */ onclick) =>
      h('button', { onclick, 'aria-label': text, title: text }, icon(name, 18), h('span', { class: 'text' }, text));
    const away = Boolean(library.search.trashed);
    const onBoard = boards.get(library.search.board);
    const shelf = new BoardPanel();
    shelf.ariaLabel = t.gallery.boards;
    shelf.meant = meant;
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
        this.panelled('tag', t.gallery.tag, h('tag-panel', { 'aria-label': t.gallery.tags })),
        this.panelled('board', t.gallery.board, shelf),
        onBoard && button('reject', t.gallery.takeOff, () => lift(meant(), onBoard)),
        button('compare', t.gallery.compare, () => compare(meant())),
        meant().length === 1 && button('like', t.gallery.like, () => like(meant())),
        button('export', t.gallery.export, () => (location.hash = `#/export/${ids()}`)),
        button('print', t.gallery.sheet, () => (location.hash = `#/sheet/${ids()}`)),
        away
          ? button('restore', t.gallery.restore, () => bin(meant(), false))
          : button('bin', t.gallery.bin, () => bin(meant(), true)),
      ),
    ];
  }

  /** A button with the panel that it opens. @param {IconName} sign @param {string} text @param {HTMLElement} panel */
  panelled(sign, text, panel) {
    const button = h('button', { 'aria-label': text, title: text }, icon(sign, 18), h('span', { class: 'text' }, text));
    opens(button, panel);
    return h('span', {}, button, panel);
  }
}

customElements.define('selection-bar', SelectionBar);
