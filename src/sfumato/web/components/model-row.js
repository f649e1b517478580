/** A model that paints: to fetch, to use, to remove. */

/** @import {Card} from '../types.js' */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { CatalogRow } from './catalog-row.js';
import { choose } from './model-picker.js';

/** @extends {CatalogRow<Card>} */
export class ModelRow extends CatalogRow {
  used() {
    return catalog.card(draft.order.model)?.name === this.card.name;
  }

  state() {
    return `${super.state()} ${this.used()}`;
  }

  uses() {
    const use = () => {
      choose(this.card.name);
      location.hash = '#/';
    };
    return this.used()
      ? h('span', { class: 'row small' }, icon('check', 18), t.models.used)
      : h('button', { class: 'edged', onclick: use }, t.models.use);
  }
}

customElements.define('model-row', ModelRow);
