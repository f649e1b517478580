/** A picture of the library to begin with, chosen from the latest. Says `change`. */

import { findPictures, thumbnailOf } from '../data/client.js';
import { css, fill, h, opens, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const MOST = 24; // pictures to choose from

style(css`
  start-field {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    > button img {
      width: 28px;
      height: 28px;
      border-radius: 6px;
      object-fit: contain;
    }
    .latest {
      width: 360px;
    }
    .latest div {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));
      gap: var(--s2);
    }
    .latest button {
      aspect-ratio: 1;
      height: auto;
      padding: 0;
      border-radius: var(--round-s);
      overflow: hidden;
    }
    .latest img {
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
  }
`);

export class StartField extends HTMLElement {
  /** @type {number | undefined} */
  picture;

  connectedCallback() {
    this.list = h('div', {});
    this.panel = h('div', { class: 'latest' }, this.list);
    this.button = h('button', { class: 'edged', type: 'button' });
    opens(this.button, this.panel, () => this.open());
    const none = h(
      'button',
      {
        class: 'bare',
        type: 'button',
        'aria-label': t.grids.noStart,
        title: t.grids.noStart,
        onclick: () => this.choose(undefined),
      },
      icon('close', 16),
    );
    this.none = none;
    fill(this, this.button, none, this.panel);
    this.show();
  }

  async open() {
    const found = await findPictures({}, 0, MOST).catch(() => []);
    const choice = (/** @type {import('../types.js').Picture} */ { id, recipe }) =>
      h(
        'button',
        {
          type: 'button',
          class: 'checks',
          'aria-label': t.gallery.picture(recipe.prompt, recipe.seed),
          onclick: () => this.choose(id),
        },
        h('img', { src: thumbnailOf(id), alt: '' }),
      );
    if (this.list) fill(this.list, found.length ? found.map(choice) : t.gallery.empty);
  }

  /** @param {number | undefined} picture */
  choose(picture) {
    this.picture = picture;
    this.panel?.hidePopover();
    this.show();
    this.dispatchEvent(new Event('change'));
  }

  show() {
    const { picture } = this;
    if (this.none) this.none.hidden = picture === undefined;
    if (!this.button) return;
    if (picture === undefined) fill(this.button, t.grids.start);
    else fill(this.button, h('img', { class: 'checks', src: thumbnailOf(picture), alt: '' }), t.grids.started);
  }
}

customElements.define('start-field', StartField);
