/** The first page: the prompt box, what is being painted, and everything painted before. */

import { jobs } from '../data/jobs.js';
import { library } from '../data/library.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import './gallery-bar.js';
import './live-strip.js';
import './picture-grid.js';
import './prompt-box.js';

style(css`
  studio-page {
    display: grid;
    gap: var(--s4);
    grid-template-columns: minmax(0, 1fr);
    prompt-box {
      width: 100%;
      margin-block: var(--s5) var(--s3);
    }
    .empty {
      display: grid;
      justify-items: center;
      gap: var(--s2);
      padding: 8vh var(--s4);
      text-align: center;
      color: var(--soft);
      h2 {
        color: var(--ink);
        font: italic 400 1.75rem/1.3 var(--serif);
      }
    }
  }
`);

class StudioPage extends HTMLElement {
  connectedCallback() {
    this.none = h('div', { class: 'empty', hidden: true });
    this.grid = h('picture-grid', { 'aria-label': t.gallery.label, id: 'pictures' });
    fill(this, h('prompt-box'), h('gallery-bar'), h('live-strip'), this.none, this.grid);
    this.stop = listen([
      [library, 'change', () => this.show()],
      [jobs, 'change', () => this.show()],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const searching = Object.values(library.search).some(Boolean);
    const empty = library.total === 0 && (searching || jobs.open.length === 0);
    const bar = this.querySelector('gallery-bar');
    if (bar instanceof HTMLElement) bar.hidden = library.total < 1 && !searching;
    if (!this.none || this.none.hidden === !empty) return;
    this.none.hidden = !empty;
    fill(
      this.none,
      h('h2', {}, searching ? t.gallery.none : t.gallery.empty),
      h('p', {}, searching ? t.gallery.noneHint : t.gallery.emptyHint),
    );
  }
}

customElements.define('studio-page', StudioPage);
