/** How it should look: styles that the model knows by itself, and looks that are said in words. */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';

style(css`
  look-picker {
    width: 380px;
    .looks {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
    }
    .looks button {
      min-height: 32px;
      box-shadow: inset 0 0 0 1px var(--line);
      &[aria-pressed='true'] {
        background: var(--ink);
        color: var(--paper);
      }
    }
    h3 {
      font-weight: 500;
      font-size: var(--small);
      color: var(--soft);
    }
  }
`);

class LookPicker extends HTMLElement {
  connectedCallback() {
    this.stop = listen([[this, 'beforetoggle', (event) => event.newState === 'open' && this.show()]]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const card = catalog.card(draft.order.model);
    const { style, preset } = draft.order;
    const own = Object.keys(card?.styles?.names ?? {}).map((name) =>
      this.button(name, { style: name, preset: undefined }, style === name),
    );
    const looks = catalog.looks.map(({ name, about }) =>
      this.button(name.replaceAll('-', ' '), { preset: name, style: undefined }, preset === name, about),
    );
    fill(
      this,
      h(
        'div',
        { class: 'stack' },
        h('div', { class: 'looks' }, this.button(t.prompt.noStyle, NONE, !style && !preset)),
        own.length > 0 && h('h3', {}, t.prompt.ownStyles(card?.title ?? '')),
        own.length > 0 && h('div', { class: 'looks own', role: 'group', 'aria-label': t.prompt.style }, own),
        looks.length > 0 && h('h3', {}, t.prompt.looks),
        looks.length > 0 && h('div', { class: 'looks', role: 'group', 'aria-label': t.prompt.looks }, looks),
      ),
    );
  }

  /** @param {string} text @param {{style?: string, preset?: string}} choice @param {boolean} on @param {string} [about] */
  button(text, choice, on, about) {
    const choose = () => {
      draft.set(choice);
      this.hidePopover();
    };
    return h('button', { 'aria-pressed': String(on), title: about, onclick: choose }, text);
  }
}

const NONE = { style: undefined, preset: undefined };

customElements.define('look-picker', LookPicker);
