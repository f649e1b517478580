/** What a picture was made from, and what came of it, to go there. */

/** @import {Picture} from '../types.js' */

import { lineage, thumbnailOf } from '../data/client.js';
import { jobs } from '../data/jobs.js';
import { wayOf } from '../data/naming.js';
import { css, fill, h, later, listen, style } from '../dom.js';
import { t } from '../texts.js';

const MOST = 11; // of each; the others are told as a number

style(css`
  lineage-row {
    display: grid;
    gap: var(--s4);
    &:empty {
      display: none;
    }
    h3 {
      color: var(--soft);
      font-size: var(--small);
      font-weight: 500;
      margin-bottom: var(--s2);
    }
    ul {
      display: grid;
      grid-template-columns: repeat(auto-fill, 64px);
      gap: var(--s2);
    }
    a,
    .rest {
      display: grid;
      place-items: center;
      width: 64px;
      height: 64px;
      border-radius: var(--round-s);
      overflow: hidden;
    }
    img {
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
  }
`);

export class LineageRow extends HTMLElement {
  /** @param {number} id of the picture */
  constructor(id) {
    super();
    this.of = id;
  }

  connectedCallback() {
    const again = later(() => this.load(), 300);
    this.stop = listen([[jobs, 'picture', again]]);
    this.load();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  async load() {
    try {
      const { made_from, became } = await lineage(this.of);
      fill(this, row(t.picture.madeFrom, made_from), row(t.picture.became, became));
    } catch {
      fill(this); // only not shown
    }
  }
}

/** @param {string} title @param {Picture[]} pictures */
function row(title, pictures) {
  if (!pictures.length) return null;
  const rest = pictures.length - MOST;
  return h(
    'section',
    {},
    h('h3', {}, title),
    h(
      'ul',
      { 'aria-label': title },
      pictures.slice(0, MOST).map((picture) => h('li', {}, thumb(picture))),
      rest > 0 && h('li', { class: 'rest quiet small' }, t.live.rest(rest)),
    ),
  );
}

/** @param {Picture} picture */
function thumb({ id, recipe }) {
  const way = wayOf(recipe);
  const said = recipe.prompt ? `${way}: ${recipe.prompt}` : way;
  return h(
    'a',
    { href: `#/picture/${id}`, class: 'checks', 'aria-label': said, title: said },
    h('img', { src: thumbnailOf(id), alt: '', loading: 'lazy' }),
  );
}

customElements.define('lineage-row', LineageRow);
