/** A picture over what it was made from, with a line between the two to slide; both zoom and move together. */

import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { ZoomPane } from './zoom-pane.js';

const STEP = 0.02; // of the width, for a key

style(css`
  before-after {
    position: relative;
    display: block;
    overflow: hidden;
    min-height: 0;
    zoom-pane {
      position: absolute;
      inset: 0;
    }
    zoom-pane.before {
      clip-path: inset(0 calc(100% - var(--at)) 0 0);
    }
    zoom-pane.after {
      clip-path: inset(0 0 0 var(--at));
    }
    .cut {
      position: absolute;
      inset: 0 auto 0 var(--at);
      width: 44px;
      translate: -50% 0;
      min-height: 0;
      padding: 0;
      border-radius: 0;
      background: none;
      cursor: ew-resize;
      touch-action: none;
      &::before {
        content: '';
        position: absolute;
        inset: 0 calc(50% - 1px);
        background: #fff;
        box-shadow: 0 0 0 1px oklch(0 0 0 / 0.25);
      }
      svg {
        position: relative;
        padding: 6px;
        width: 36px;
        height: 36px;
        border-radius: 50%;
        background: var(--sheet);
        box-shadow: var(--high);
      }
    }
    .which {
      position: absolute;
      bottom: var(--s3);
      padding: 3px 12px;
      border-radius: 99px;
      background: var(--sheet);
      box-shadow: var(--low);
      font-size: var(--small);
      pointer-events: none;
      &.left {
        left: var(--s3);
      }
      &.right {
        right: var(--s3);
      }
    }
  }
`);

export class BeforeAfter extends HTMLElement {
  earlier = new ZoomPane();

  later = new ZoomPane();

  at = 0.5;

  which = h('span', { class: 'which left' }, t.slide.before);

  connectedCallback() {
    this.earlier.classList.add('before');
    this.later.classList.add('after');
    this.earlier.view = this.later.view;
    this.cut = h(
      'button',
      {
        class: 'cut',
        role: 'slider',
        'aria-label': t.slide.label,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        onpointerdown: (/** @type {PointerEvent} */ event) => this.cut?.setPointerCapture(event.pointerId),
        onpointermove: (/** @type {PointerEvent} */ event) => this.drag(event),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
      },
      icon('slide'),
    );
    fill(this, this.earlier, this.later, this.which, h('span', { class: 'which right' }, t.slide.after), this.cut);
    this.slide(this.at);
  }

  /** @param {{address: string, name: string}} before @param {string} after address @param {string} text what the later one shows */
  compare(before, after, text) {
    this.earlier.image.src = before.address;
    this.earlier.image.alt = before.name;
    fill(this.which, before.name);
    this.later.image.src = after;
    this.later.image.alt = text;
    this.slide(0.5);
  }

  /** @param {number} at 0 to 1 */
  slide(at) {
    this.at = Math.min(1, Math.max(0, at));
    this.style.setProperty('--at', `${this.at * 100}%`);
    if (this.cut) this.cut.ariaValueNow = String(Math.round(this.at * 100));
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.cut?.hasPointerCapture(event.pointerId)) return;
    const box = this.getBoundingClientRect();
    this.slide((event.clientX - box.left) / box.width);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1, End: 1 }[event.key];
    if (by === undefined) return;
    this.slide(this.at + by);
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define('before-after', BeforeAfter);
