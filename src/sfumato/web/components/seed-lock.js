/** The seed: a fresh one each time, or one that is kept, so that the same order is the same picture. */

import { draft } from '../data/draft.js';
import { css, fill, h, listen, opens, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const LAST = 2n ** 64n - 1n;

style(css`
  seed-lock {
    display: inline-flex;
    .panel {
      width: 300px;
    }
    button span {
      max-width: 9ch;
      overflow: hidden;
      text-overflow: ellipsis;
    }
  }
`);

class SeedLock extends HTMLElement {
  connectedCallback() {
    this.button = h('button', { title: t.prompt.seed });
    this.field = h('input', { inputmode: 'numeric', oninput: () => this.typed() });
    this.wrong = h('p', { class: 'tell small', role: 'alert', hidden: true }, t.prompt.seedWrong);
    const fresh = h('button', { class: 'edged', onclick: () => this.free() }, icon('unlock', 18), t.prompt.fresh);
    const panel = h(
      'div',
      { class: 'panel stack' },
      h('label', { class: 'stack' }, t.prompt.locked, this.field),
      this.wrong,
      fresh,
    );
    this.panel = panel;
    opens(this.button, panel, () => this.show());
    fill(this, this.button, panel);
    this.stop = listen([[draft, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const { seed } = draft.order;
    if (this.button) {
      fill(this.button, icon(seed ? 'lock' : 'unlock', 18), h('span', {}, seed ?? t.prompt.seed));
      this.button.classList.toggle('set', Boolean(seed));
    }
    if (this.field && this.field !== document.activeElement) this.field.value = seed ?? '';
  }

  typed() {
    const text = this.field?.value.trim() ?? '';
    const right = text === '' || (/^\d{1,20}$/.test(text) && BigInt(text) <= LAST);
    if (this.wrong) this.wrong.hidden = right;
    this.field?.setAttribute('aria-invalid', String(!right));
    if (right) draft.set({ seed: text === '' ? undefined : String(BigInt(text)) });
  }

  free() {
    draft.set({ seed: undefined });
    this.panel?.hidePopover();
  }
}

customElements.define('seed-lock', SeedLock);
