/** Boards: to look at one, or, with pictures selected, to lay them on one. */

/** @import {Board, Picture} from '../types.js' */

import { boards } from '../data/boards.js';
import { choices } from '../data/choices.js';
import { thumbnailOf } from '../data/client.js';
import { library } from '../data/library.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { find, undo } from './picture-acts.js';
import { say } from './say-line.js';

style(css`
  board-panel {
    width: 340px;
    .board {
      display: flex;
      align-items: center;
      gap: var(--s1);
      border-radius: var(--round-s);
      > button:first-child {
        flex: 1;
        justify-content: start;
        min-width: 0;
        padding: 4px var(--s2) 4px 4px;
        border-radius: var(--round-s);
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
      }
    }
    .cover {
      width: 40px;
      height: 40px;
      flex: none;
      border-radius: 6px;
      object-fit: cover;
      background: var(--well);
      display: grid;
      place-items: center;
      color: var(--soft);
    }
    form {
      display: flex;
      gap: var(--s1);
      margin-top: var(--s2);
    }
  }
`);

/** @param {Event} event */
const at = (event) => /** @type {Element} */ (event.target).closest('.board');

export class BoardPanel extends HTMLElement {
  /** The pictures that are to be laid on a board; null: a board is to be looked at. @type {() => Picture[] | null} */
  meant = () => null;

  connectedCallback() {
    this.stop = listen([
      [this, 'beforetoggle', (event) => event.newState === 'open' && this.open()],
      [boards, 'change', () => this.matches(':popover-open') && this.show()],
    ]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  open() {
    this.show();
    boards.load().catch((error) => say(error.message));
  }

  show() {
    const field = h('input', { 'aria-label': t.gallery.newBoard, placeholder: t.gallery.newBoard, maxlength: 100 });
    const make = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (field.value.trim()) this.watch(boards.make(field.value.trim()).then((board) => this.choose(board)));
    };
    const all = h(
      'div',
      { class: 'board' },
      h(
        'button',
        { 'aria-pressed': String(!library.search.board), onclick: () => this.look(undefined) },
        h('span', { class: 'cover' }, icon('grid', 18)),
        t.gallery.allPictures,
      ),
    );
    fill(
      this,
      this.meant() === null && boards.all.length > 0 && all,
      boards.all.map((board) => this.row(board)),
      boards.all.length === 0 && h('p', { class: 'small quiet' }, t.gallery.noBoards),
      h(
        'form',
        { onsubmit: make },
        field,
        h('button', { class: 'edged bare', 'aria-label': t.gallery.addBoard }, icon('plus', 18)),
      ),
    );
  }

  /** @param {Board} board */
  row(board) {
    const cover = board.cover
      ? h('img', { class: 'cover', src: thumbnailOf(board.cover), alt: '' })
      : h('span', { class: 'cover' }, icon('board', 18));
    const tool = (
      /** @type {import('../icons.js').IconName} */ sign,
      /** @type {string} */ text,
      /** @type {(event: Event) => void} */ onclick,
    ) => h('button', { class: 'bare quiet', 'aria-label': text, title: text, onclick }, icon(sign, 16));
    return h(
      'div',
      { class: 'board' },
      h(
        'button',
        { 'aria-pressed': String(library.search.board === board.id), onclick: () => this.choose(board) },
        cover,
        h('span', { class: 'name' }, board.name),
        h('span', { class: 'quiet small push' }, board.number),
      ),
      this.meant() === null && [
        tool('mask', t.gallery.rename(board.name), (event) => this.rename(board, at(event))),
        tool('bin', t.gallery.removeBoard(board.name), () => this.drop(board)),
      ],
    );
  }

  /** @param {Board} board */
  choose(board) {
    const pictures = this.meant();
    if (pictures === null) return this.look(board.id);
    this.hidePopover();
    this.watch(choices.lay(pictures, board, true).then(() => say(t.gallery.laid(pictures.length, board.name), undo)));
  }

  /** @param {number | undefined} board */
  look(board) {
    this.hidePopover();
    find({ board });
  }

  /** @param {Board} board @param {Element | null} row that is shown for it */
  rename(board, row) {
    const text = t.gallery.rename(board.name);
    const field = h('input', { 'aria-label': text, value: board.name, maxlength: 100 });
    const save = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.watch(boards.rename(board, field.value));
    };
    row?.replaceWith(
      h('form', { onsubmit: save }, field, h('button', { class: 'bare', 'aria-label': text }, icon('check', 18))),
    );
    field.select();
  }

  /** @param {Board} board */
  drop(board) {
    if (library.search.board === board.id) find({ board: undefined });
    this.watch(boards.remove(board));
  }

  /** @param {Promise<unknown>} work */
  watch(work) {
    work.catch((error) => say(error.message));
  }
}

customElements.define('board-panel', BoardPanel);
