/** A contact sheet to print: the pictures with their seeds and ratings, and nothing else on the paper. */

import { thumbnailOf } from '../data/client.js';
import { library } from '../data/library.js';
import { nameOf } from '../data/naming.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { back } from '../routes.js';
import { t } from '../texts.js';

style(css`
  sheet-view {
    position: fixed;
    inset: 0;
    z-index: 30;
    overflow: auto;
    padding: var(--s5);
    background: white;
    color: black;
    > header {
      display: flex;
      align-items: center;
      gap: var(--s3);
      margin-bottom: var(--s5);
      button {
        background: #eee;
      }
    }
    .sheet {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(130px, 1fr));
      gap: var(--s4);
    }
    figure {
      margin: 0;
      break-inside: avoid;
      img {
        width: 100%;
        aspect-ratio: 1;
        object-fit: contain;
        border: 1px solid #ddd;
      }
    }
    figcaption {
      font-size: 0.6875rem;
      margin-top: 4px;
      overflow-wrap: anywhere;
    }
  }
  @media print {
    body > :not(sheet-view) {
      display: none !important;
    }
    sheet-view {
      position: static !important;
      padding: 0 !important;
      > header {
        display: none !important;
      }
    }
  }
`);

class SheetView extends HTMLElement {
  connectedCallback() {
    const ids = (this.dataset['what'] ?? '').split(',').map(Number);
    const figure = (/** @type {number} */ id) => {
      const picture = library.rows[library.indexOf(id)];
      const said = picture && `${picture.recipe.prompt} · ${picture.recipe.seed} ${'★'.repeat(picture.rating)}`;
      return h(
        'figure',
        {},
        h('img', { src: thumbnailOf(id), alt: picture ? nameOf(picture.recipe) : '' }),
        h('figcaption', {}, said),
      );
    };
    this.setAttribute('role', 'dialog');
    this.ariaLabel = t.gallery.sheet;
    const print = h('button', { onclick: () => window.print() }, icon('print', 18), t.gallery.print);
    fill(
      this,
      h(
        'header',
        {},
        h('h2', {}, t.gallery.sheet),
        print,
        h('button', { class: 'bare push', 'aria-label': t.picture.close, onclick: back }, icon('close')),
      ),
      h('div', { class: 'sheet' }, ids.map(figure)),
    );
    print.focus();
    this.stop = listen([[document, 'keydown', (event) => event.key === 'Escape' && back()]]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }
}

customElements.define('sheet-view', SheetView);
