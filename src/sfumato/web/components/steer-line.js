/** What the next picture will follow and look at, taken from the recipe of another: small, and each can be left out. */

import { inputFile } from '../data/client.js';
import { draft } from '../data/draft.js';
import { kindOfControl } from '../data/naming.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

style(css`
  steer-line {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    padding: 0 var(--s5) var(--s2);
    span {
      display: flex;
      align-items: center;
      gap: var(--s2);
      padding-left: 4px;
      border-radius: 99px;
      background: var(--well);
      font-size: var(--small);
    }
    img {
      width: 28px;
      height: 28px;
      border-radius: 50%;
      object-fit: cover;
    }
    button {
      min-height: var(--dense);
      width: var(--dense);
    }
    @media (max-width: 560px) {
      padding-inline: var(--s4);
    }
  }
`);

class SteerLine extends HTMLElement {
  connectedCallback() {
    this.stop = listen([[draft, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const { controls = [], references = [] } = draft.order;
    this.hidden = controls.length + references.length === 0;
    fill(
      this,
      controls.map((one) => {
        const [kind = '', picture = ''] = one.split(':');
        return chip(t.prompt.follows(kindOfControl(kind)), picture, () =>
          draft.set({ controls: without(controls, one) }),
        );
      }),
      references.map((one) =>
        chip(t.prompt.looksAt, one.split(':')[0] ?? '', () => draft.set({ references: without(references, one) })),
      ),
    );
  }
}

/** @param {string} said @param {string} picture of an upload @param {() => void} onclick */
function chip(said, picture, onclick) {
  const name = t.prompt.unsteer(said);
  return h(
    'span',
    {},
    h('img', { src: inputFile(picture), alt: '' }),
    said,
    h('button', { class: 'bare', 'aria-label': name, title: name, onclick }, icon('close', 16)),
  );
}

/** All but one; undefined: none is left. @param {string[]} all @param {string} one */
function without(all, one) {
  const rest = all.filter((other) => other !== one);
  return rest.length ? rest : undefined;
}

customElements.define('steer-line', SteerLine);
