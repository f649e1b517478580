/** What goes beside models, or paints no still picture: to fetch and to remove, with what it goes with and is for. */

/** @import {Listing} from '../types.js' */

import { catalog } from '../data/catalog.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { CatalogRow } from './catalog-row.js';

/** A kind as it is called on the page. @param {string} kind */
export const kindOf = (kind) => /** @type {Record<string, string>} */ (t.others.kinds)[kind] ?? kind;

/** @extends {CatalogRow<Listing>} */
export class ListingRow extends CatalogRow {
  uses() {
    return this.card.used && h('span', { class: 'row small' }, icon('check', 18), t.others.ready);
  }

  facts() {
    const { kind, used } = this.card;
    return [kindOf(kind), !used && t.others.unused, ...super.facts()];
  }

  /** What is on the disk is known; what will be is not, for files may hold 16 or 32 bits a number. @param {number} bytes */
  needs(bytes) {
    return this.card.here ? t.others.onDisk(this.card.bytes) : t.others.needs(bytes);
  }

  warnings() {
    return this.card.used ? [] : [h('p', {}, t.others.fetchUnused)];
  }

  terms() {
    const { goes_with, controls, references } = this.card;
    const by = controls.length ? t.others.byControl(controls.join(', ')) : references && t.others.byReference;
    return /** @type {[string, unknown][]} */ ([
      [t.others.goesWith, goes_with.length > 0 && between(goes_with.map(link))],
      [t.others.usedBy, by || t.others.unused],
      ...super.terms(),
    ]);
  }
}

/** To the model's own row. @param {string} name */
const link = (name) => h('a', { href: `#/models/all/${name}` }, catalog.titled(name));

/** @param {Node[]} all with commas */
const between = (all) => all.flatMap((one, i) => (i ? [', ', one] : [one]));

customElements.define('listing-row', ListingRow);
