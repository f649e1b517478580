/** How many pixels changed of what was to stay, counted on the file; hidden where nothing was. */

/** @import {Picture} from '../types.js' */

import { changedOutside } from '../data/edits.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

style(css`
  kept-badge {
    position: absolute;
    top: var(--s3);
    left: 50%;
    translate: -50% 0;
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: 6px 16px;
    border-radius: 99px;
    background: var(--sheet);
    box-shadow: var(--high);
    white-space: nowrap;
    &.none {
      color: var(--good);
    }
    @media (max-width: 800px) {
      font-size: var(--small);
    }
  }
`);

export class KeptBadge extends HTMLElement {
  connectedCallback() {
    this.hidden = true;
    this.setAttribute('role', 'status');
  }

  /** @param {Picture | null} picture */
  async take(picture) {
    this.hidden = true;
    this.of = picture?.id;
    if (!picture) return;
    const n = await changedOutside(picture).catch(() => null);
    if (n === null || this.of !== picture.id) return;
    this.classList.toggle('none', n === 0);
    fill(
      this,
      n === 0 && icon('check', 18),
      h('span', {}, (picture.recipe.mask ? t.canvas.outside : t.canvas.kept)(n)),
    );
    this.hidden = false;
  }
}

customElements.define('kept-badge', KeptBadge);
