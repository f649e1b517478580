/** Models that paint: those that are here, and those that can be fetched, found by what they are good for. */

/** @import {Card} from '../types.js' */

import { catalog } from '../data/catalog.js';
import { t } from '../texts.js';
import { CatalogShelf } from './catalog-shelf.js';
import { ModelRow } from './model-row.js';

const MOST_PURPOSES = 14;

/** @extends {CatalogShelf<Card>} */
class ModelList extends CatalogShelf {
  label = t.models.for;

  titles = [t.models.here, t.models.others];

  all() {
    return catalog.cards;
  }

  /** @param {Card} card */
  section({ name }) {
    return catalog.here.has(name) ? 0 : 1;
  }

  /** @param {Card} card */
  words({ best_for }) {
    return best_for;
  }

  /** The purposes that most are good for, as they are called. */
  choices() {
    const counts = new Map();
    for (const { best_for } of catalog.cards) for (const one of best_for) counts.set(one, (counts.get(one) ?? 0) + 1);
    const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_PURPOSES);
    return new Map(most.map(([name]) => [name, t.models.purpose(name)]));
  }

  /** @param {Card} card */
  made(card) {
    return new ModelRow(card);
  }
}

customElements.define('model-list', ModelList);
