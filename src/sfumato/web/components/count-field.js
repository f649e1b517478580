/** How many pictures, by typing or by one more and one fewer. */

import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';

const MOST = 100;

style(css`
  count-field {
    display: inline-flex;
    align-items: center;
    button {
      color: var(--soft);
    }
    input {
      width: max(2.2em, var(--dense));
      min-height: var(--dense);
      padding: 0;
      border: 0;
      text-align: center;
      appearance: textfield;
      background: none;
      font-variant-numeric: tabular-nums;
      &::-webkit-inner-spin-button {
        display: none;
      }
    }
  }
`);

class CountField extends HTMLElement {
  connectedCallback() {
    this.setAttribute('role', 'group');
    this.ariaLabel = t.prompt.count;
    const field = h('input', {
      type: 'number',
      min: 1,
      max: MOST,
      'aria-label': t.prompt.count,
      onchange: () => set(Number(field.value)),
    });
    const set = (/** @type {number} */ n) => draft.set({ n: Math.min(MOST, Math.max(1, Math.round(n) || 1)) });
    const step = (/** @type {number} */ by) => () => set((draft.order.n ?? 1) + by);
    const show = () => (field.value = String(draft.order.n ?? 1));
    fill(
      this,
      h('button', { class: 'bare', 'aria-label': t.prompt.fewer, onclick: step(-1) }, '−'),
      field,
      h('button', { class: 'bare', 'aria-label': t.prompt.more, onclick: step(1) }, '+'),
    );
    this.stop = listen([[draft, 'change', show]]);
    show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }
}

customElements.define('count-field', CountField);
