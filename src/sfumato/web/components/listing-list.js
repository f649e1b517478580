/** What goes beside models, or paints no still picture: by kind, those last that nothing here works with yet. */

/** @import {Listing} from '../types.js' */

import { catalog } from '../data/catalog.js';
import { t } from '../texts.js';
import { CatalogShelf } from './catalog-shelf.js';
import { kindOf, ListingRow } from './listing-row.js';

/** @extends {CatalogShelf<Listing>} */
class ListingList extends CatalogShelf {
  label = t.others.kind;

  titles = [t.others.here, t.models.others, t.others.notYet];

  all() {
    return catalog.listings;
  }

  /** @param {Listing} listing */
  section({ here, used }) {
    return here ? 0 : used ? 1 : 2;
  }

  /** @param {Listing} listing */
  words({ kind }) {
    return [kind];
  }

  choices() {
    return new Map([...new Set(catalog.listings.map(({ kind }) => kind))].sort().map((kind) => [kind, kindOf(kind)]));
  }

  /** @param {Listing} listing */
  made(listing) {
    return new ListingRow(listing);
  }
}

customElements.define('listing-list', ListingList);
