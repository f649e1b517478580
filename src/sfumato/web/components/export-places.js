/** The places that pictures can be exported for: a card each, of the picture that is looked at. Says `told` with the chosen ones' plan. */

/** @import {Looks} from '../data/exports.js' */

import { fileOf } from '../data/client.js';
import { Changes, made, plan, presets } from '../data/exports.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, later, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { ExportCard } from './export-card.js';
import { say } from './say-line.js';

const WAIT = 250; // milliseconds after the last change
const USUAL = ['blog', 'instagram', 'story'];

style(css`
  export-places {
    display: grid;
    gap: var(--s4);
    align-content: start;
    .pages {
      display: flex;
      align-items: center;
      gap: var(--s2);
    }
    .cards {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(200px, 1fr));
      gap: var(--s3);
    }
    @media (max-width: 560px) {
      .cards {
        grid-template-columns: repeat(2, minmax(0, 1fr));
      }
    }
  }
`);

export class ExportPlaces extends HTMLElement {
  /** Which of the pictures is looked at. */
  at = 0;

  /** @type {ExportCard[]} */
  cards = [];

  /** @type {Map<number, Changes>} */
  changes = new Map();

  round = 0;

  /** @type {Looks} */
  looks = { format: null, quality: null, metadata: 'full', surround: 'auto' };

  /** @param {number[]} ids */
  constructor(ids) {
    super();
    this.ids = ids;
    this.again = later(() => this.measure(), WAIT);
  }

  async connectedCallback() {
    this.grid = h('div', { class: 'cards' });
    this.pages = h('div', { class: 'pages', hidden: this.ids.length < 2 });
    fill(this, this.pages, this.grid);
    this.addEventListener('chosen', () => this.choose());
    this.addEventListener('changed', (event) => this.change(/** @type {CustomEvent} */ (event)));
    const known = new Set(kept('places', USUAL));
    try {
      this.cards = (await presets()).map((preset) => new ExportCard(preset, known.has(preset.name)));
      fill(this.grid, this.cards);
      await this.look(0);
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }

  get looked() {
    return this.ids[this.at] ?? 0;
  }

  get chosen() {
    return this.cards.filter(({ chosen }) => chosen).map(({ preset }) => preset.name);
  }

  /** @param {number} id */
  of(id) {
    const changes = this.changes.get(id) ?? new Changes();
    this.changes.set(id, changes);
    return changes;
  }

  /** @param {number} at */
  async look(at) {
    this.at = at;
    const turn = (/** @type {number} */ by, /** @type {'left' | 'right'} */ sign, /** @type {string} */ text) =>
      h(
        'button',
        { class: 'bare', 'aria-label': text, disabled: !this.ids[at + by], onclick: () => this.look(at + by) },
        icon(sign),
      );
    if (this.pages)
      fill(
        this.pages,
        turn(-1, 'left', t.picture.previous),
        t.export.page(at + 1, this.ids.length),
        turn(1, 'right', t.picture.next),
      );
    const names = this.cards.map(({ preset }) => preset.name);
    this.ready = this.show(names, false);
    await this.ready;
    this.measure();
  }

  /** @param {string[]} names @param {boolean} measured */
  async show(names, measured) {
    const round = ++this.round;
    const id = this.looked;
    const found = await plan(id, this.of(id).body(names, this.looks), measured);
    if (round !== this.round) return null; // another was asked for since
    for (const card of this.cards) if (names.includes(card.preset.name)) card.take(fileOf(id), found);
    return found;
  }

  /** What the chosen files would be, with their real sizes. */
  async measure() {
    if (!this.cards.length) return;
    try {
      await this.ready;
      const names = this.chosen;
      const found = names.length ? await this.show(names, true) : { files: [], warnings: [], width: 0, height: 0 };
      if (found) this.dispatchEvent(new CustomEvent('told', { detail: found }));
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Partial<Looks>} looks */
  set(looks) {
    this.looks = { ...this.looks, ...looks };
    this.again();
  }

  choose() {
    keep('places', this.chosen);
    this.again();
  }

  /** A crop was moved, or another way chosen. @param {CustomEvent} event */
  change({ target, detail }) {
    if (!(target instanceof ExportCard)) return;
    const { name } = target.preset;
    const changes = this.of(this.looked);
    if (detail.box) changes.boxes[name] = detail.box;
    else {
      delete changes.boxes[name];
      changes.fits[name] = detail.fit;
    }
    this.again();
  }

  /** All files of all pictures, as a zip. */
  made() {
    const names = this.chosen;
    return made(this.ids.map((picture) => ({ ...this.of(picture).body(names, this.looks), picture })));
  }
}

customElements.define('export-places', ExportPlaces);
