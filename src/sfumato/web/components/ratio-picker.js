/** Aspect ratios, shown as the shapes they are. */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { shape } from '../icons.js';
import { t } from '../texts.js';

style(css`
  ratio-picker {
    .shapes {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));
      gap: var(--s1);
      width: min(360px, 100%);
      min-width: 240px;
    }
    .shapes button {
      flex-direction: column;
      gap: 2px;
      padding: var(--s2);
      border-radius: var(--round-s);
      font-size: var(--small);
    }
    .own {
      width: 100%;
    }
  }
`);

class RatioPicker extends HTMLElement {
  connectedCallback() {
    this.stop = listen([
      [catalog, 'change', () => this.show()],
      [draft, 'change', () => this.show()],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const now = draft.order.aspect_ratio;
    const choice = (/** @type {string} */ ratio) =>
      h(
        'button',
        { 'aria-pressed': String(now === ratio), onclick: () => this.choose(ratio) },
        shape(ratio, 34),
        ratio,
      );
    const wide = (/** @type {string} */ ratio) => Number(ratio.split(':')[0]) / Number(ratio.split(':')[1]);
    const ratios = [...catalog.ratios].sort((a, b) => wide(a) - wide(b));
    const blank = now === undefined && !draft.order.width;
    fill(
      this,
      h('div', { class: 'shapes', role: 'group', 'aria-label': t.prompt.shape }, ratios.map(choice)),
      h('button', { class: 'own', 'aria-pressed': String(blank), onclick: () => this.choose(undefined) }, t.prompt.own),
    );
  }

  /** @param {string | undefined} aspect_ratio */
  choose(aspect_ratio) {
    draft.set({ aspect_ratio, width: undefined, height: undefined });
    this.hidePopover();
  }
}

customElements.define('ratio-picker', RatioPicker);
