/**
 * The gallery: only the rows in sight and a few beyond are elements, whatever the number of pictures.
 *
 * Arrows move, Enter opens, Space selects (with Shift all between), P X U mark, 0 to 5 rate, Delete moves to trash.
 */

/** @import {Picture} from '../types.js' */

import { choices } from '../data/choices.js';
import { library } from '../data/library.js';
import { css, listen, style } from '../dom.js';
import { t } from '../texts.js';
import { act } from './picture-acts.js';
import { PictureTile } from './picture-tile.js';
import { say } from './say-line.js';

const GAP = 12; // pixels
const MOST = 1000; // pictures that are selected at once
const FAST = 2; // pixels in a millisecond: two screens a second
const LITTLE = 100; // pixels that anything may move at once
const CALM = 100; // milliseconds
const STAY = 450; // milliseconds, after which a finger selects
const BEYOND = 2; // rows before and after those in sight

style(css`
  picture-grid {
    display: block;
    position: relative;
    outline-offset: 6px;
    picture-tile {
      position: absolute;
      top: 0;
      left: 0;
    }
  }
`);

export class PictureGrid extends HTMLElement {
  /** The place of the picture that the keys act on; -1: none. */
  at = -1;

  /** Where a selection with Shift begins. */
  from = -1;

  /** @type {Map<number, PictureTile>} tiles by place */
  tiles = new Map();

  columns = 1;

  side = 208;

  /** How far the page was scrolled, and when; and whether the pictures pass by too quickly to be seen. */
  far = 0;

  when = 0;

  passing = false;

  connectedCallback() {
    this.setAttribute('role', 'listbox');
    this.setAttribute('aria-multiselectable', 'true');
    this.tabIndex = 0;
    this.stop = listen([
      [library, 'change', () => this.show()],
      [choices, 'change', () => this.show()],
      [window, 'scroll', () => this.show()],
      [this, 'keydown', (event) => this.key(event)],
      [this, 'click', (event) => this.clicked(event)],
      [this, 'pointerdown', (event) => this.pressed(event)],
      [this, 'pointermove', (event) => this.held && Math.hypot(event.movementX, event.movementY) > 2 && this.let()],
      [this, 'pointerup', () => this.let()],
      [this, 'pointercancel', () => this.let()],
      [this, 'contextmenu', (event) => this.finger && event.preventDefault()],
      [this, 'focus', () => this.at < 0 && library.total > 0 && this.move(0)],
    ]);
    this.watcher = new ResizeObserver(() => this.show());
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    this.stop?.abort();
    this.watcher?.disconnect();
  }

  show() {
    if (!this.isConnected || this.clientWidth === 0) return;
    const wanted = parseFloat(getComputedStyle(this).getPropertyValue('--tile')) || 208;
    this.columns = Math.max(2, Math.floor((this.clientWidth + GAP) / (wanted + GAP)));
    this.side = (this.clientWidth + GAP) / this.columns - GAP;
    const pitch = this.side + GAP;
    const rows = Math.ceil(Math.max(0, library.total) / this.columns);
    this.style.height = `${Math.max(0, rows * pitch - GAP)}px`;
    const top = this.getBoundingClientRect().top;
    this.watchSpeed(scrollY);
    const first = Math.max(0, Math.floor(-top / pitch) - BEYOND);
    const last = Math.min(rows, Math.ceil((innerHeight - top) / pitch) + BEYOND);
    this.lay(first * this.columns, Math.min(Math.max(0, library.total), Math.max(first, last) * this.columns), pitch);
  }

  /** Thumbnails that pass by too quickly to be seen are loaded when it is calmer. @param {number} far pixels that the page is scrolled */
  watchSpeed(far) {
    const now = performance.now();
    const fast = Math.abs(far - this.far) > Math.max(LITTLE, FAST * (now - this.when));
    [this.far, this.when] = [far, now];
    if (!fast) return;
    this.passing = true; // until it has been calm for a while: one late frame is no rest
    clearTimeout(this.calm);
    this.calm = setTimeout(() => {
      this.passing = false;
      this.show();
    }, CALM);
  }

  /** @param {number} from @param {number} to places @param {number} pitch pixels from tile to tile */
  lay(from, to, pitch) {
    const pictures = library.window(from, to + BEYOND * this.columns);
    const spare = [...this.tiles].filter(([place]) => place < from || place >= to);
    for (const [place] of spare) this.tiles.delete(place);
    for (let place = from; place < to; place++) {
      let tile = this.tiles.get(place);
      if (!tile) {
        tile = spare.pop()?.[1] ?? new PictureTile();
        this.tiles.set(place, tile);
        if (!tile.isConnected) this.append(tile);
      }
      tile.style.transform = `translate(${(place % this.columns) * pitch}px, ${Math.floor(place / this.columns) * pitch}px)`;
      tile.style.width = tile.style.height = `${this.side}px`;
      tile.show(pictures[place - from], place, library.total, place === this.at, this.passing);
    }
    for (const [, tile] of spare) tile.remove();
    const here = this.tiles.get(this.at);
    if (here) this.setAttribute('aria-activedescendant', here.id);
    else this.removeAttribute('aria-activedescendant');
  }

  /** The pictures the keys act on: those selected, else the one at hand. @returns {Picture[]} */
  get meant() {
    if (choices.selected.size) return [...choices.selected.values()];
    const here = library.rows[this.at];
    return here ? [here] : [];
  }

  /** @param {number} place @param {boolean} [quiet] without scrolling */
  move(place, quiet = false) {
    this.at = Math.max(0, Math.min(library.total - 1, place));
    const pitch = this.side + GAP;
    const top = this.getBoundingClientRect().top + Math.floor(this.at / this.columns) * pitch;
    const head = 72; // what the bar above may cover
    if (!quiet && top < head) scrollBy(0, top - head);
    if (!quiet && top + this.side > innerHeight) scrollBy(0, top + this.side - innerHeight + GAP);
    this.show();
  }

  /** @param {number} place */
  selectTo(place) {
    const [from, to] = [Math.min(this.from, place), Math.max(this.from, place)];
    for (const picture of library.rows.slice(from, to + 1)) if (picture) choices.select(picture, true);
  }

  /** Waits for a finger to stay. */
  held = 0;

  /** Whether it was a finger that touched last. */
  finger = false;

  /** Whether the finger stayed, so that its lifting is no click. */
  stayed = false;

  /** A finger that stays selects; while any is selected, each tap does. @param {PointerEvent} event */
  pressed(event) {
    this.finger = event.pointerType === 'touch';
    this.stayed = false;
    if (!this.finger) return;
    const tile = /** @type {Element} */ (event.target).closest('picture-tile');
    this.held = setTimeout(() => {
      if (!(tile instanceof PictureTile) || !tile.picture) return;
      this.stayed = true;
      this.from = tile.place;
      choices.select(tile.picture);
    }, STAY);
  }

  let() {
    clearTimeout(this.held);
    this.held = 0;
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    if (this.stayed) return;
    const tile = /** @type {Element} */ (event.target).closest('picture-tile');
    if (!(tile instanceof PictureTile) || !tile.picture) return;
    this.move(tile.place, true);
    const box = /** @type {Element} */ (event.target).closest('.choose');
    if (event.shiftKey && this.from >= 0) this.selectTo(tile.place);
    else if (box || event.ctrlKey || event.metaKey || (this.finger && choices.selected.size > 0))
      choices.select(tile.picture);
    else location.hash = `#/picture/${tile.picture.id}`;
    if (!event.shiftKey) this.from = tile.place;
  }

  async selectAll() {
    choices.add(await library.all(MOST));
    if (library.total > MOST) say(t.gallery.notAll(MOST));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.target !== this) return;
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns,
      ArrowDown: this.columns,
      Home: -library.total,
      End: library.total,
    };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    const here = library.rows[this.at];
    if (step !== undefined) {
      if (event.shiftKey && this.from < 0) this.from = this.at;
      this.move(this.at + step);
      if (event.shiftKey) this.selectTo(this.at);
    } else if (event.key === ' ' && here) {
      if (event.shiftKey && this.from >= 0) this.selectTo(this.at);
      else choices.select(here);
      this.from = this.at;
    } else if (event.key === 'Enter' && here) location.hash = `#/picture/${here.id}`;
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) this.selectAll();
    else if (event.key === 'Escape' && choices.selected.size) choices.clear();
    else if (!act(event, this.meant)) return;
    else if (!choices.selected.size && /^[px0-5]$/i.test(event.key)) this.move(this.at + 1); // on to the next, as through a stack
    event.preventDefault();
  }
}

customElements.define('picture-grid', PictureGrid);
