/** The frame of a larger page around a picture: dragged at its sides and corners, or made of a ratio. */

/** @import {Margins} from '../data/edits.js' */
/** @import {MaskPane} from './mask-pane.js' */

import { css, fill, h, style } from '../dom.js';
import { t } from '../texts.js';

const SIDES = /** @type {const} */ (['left', 'top', 'right', 'bottom']);
const GRIPS = /** @type {const} */ ([
  'left',
  'top',
  'right',
  'bottom',
  'left top',
  'right top',
  'left bottom',
  'right bottom',
]);
const MOST = 8192; // pixels a side
const ROOM = 0.94; // of the pane, that the whole frame may take
const KEY = 16; // pixels that a key moves a side

style(css`
  extend-frame {
    position: absolute;
    inset: 0;
    overflow: hidden;
    pointer-events: none;
    .page {
      position: absolute;
      top: 0;
      left: 0;
      transform-origin: 0 0;
      outline: 1.5px dashed var(--accent);
      border: 0 solid color-mix(in oklch, var(--accent) 14%, transparent);
    }
    .size {
      position: absolute;
      left: 50%;
      top: -36px;
      translate: -50% 0;
      padding: 2px 10px;
      border-radius: 99px;
      background: var(--sheet);
      box-shadow: var(--low);
      font-size: var(--small);
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
    }
    button {
      position: absolute;
      width: 32px;
      min-height: 32px;
      padding: 0;
      translate: -50% -50%;
      pointer-events: auto;
      touch-action: none;
      background: none;
      &::after {
        content: '';
        width: 14px;
        height: 14px;
        border-radius: 5px;
        background: var(--sheet);
        box-shadow:
          0 0 0 2px var(--accent),
          var(--low);
      }
    }
    [data-grip='left'],
    [data-grip='right'] {
      cursor: ew-resize;
    }
    [data-grip='top'],
    [data-grip='bottom'] {
      cursor: ns-resize;
    }
    [data-grip='left top'],
    [data-grip='right bottom'] {
      cursor: nwse-resize;
    }
    [data-grip='right top'],
    [data-grip='left bottom'] {
      cursor: nesw-resize;
    }
  }
`);

/** Says `change` when the page around the picture is another. */
export class ExtendFrame extends HTMLElement {
  /** @type {Margins} */
  margins = [0, 0, 0, 0];

  /** @param {MaskPane} pane */
  constructor(pane) {
    super();
    this.pane = pane;
    this.size = h('span', { class: 'size' });
    this.page = h('div', { class: 'page' }, this.size);
    this.grips = GRIPS.map((grip) => this.grip(grip));
    pane.addEventListener('moved', () => this.show());
  }

  connectedCallback() {
    this.setAttribute('role', 'group');
    this.ariaLabel = t.canvas.frame;
    fill(this, this.page, this.grips);
    this.fit();
  }

  /** @param {string} grip */
  grip(grip) {
    const button = h('button', { 'data-grip': grip, 'aria-label': t.canvas.grip(grip) });
    button.addEventListener('pointerdown', (event) => button.setPointerCapture(event.pointerId));
    button.addEventListener('pointermove', (event) => {
      if (button.hasPointerCapture(event.pointerId)) this.drag(grip, this.pane.at(event));
    });
    button.addEventListener('pointerup', () => this.fit());
    button.addEventListener('keydown', (event) => this.key(grip, event));
    return button;
  }

  /** @param {string} grip @param {{x: number, y: number}} to in pixels of the picture */
  drag(grip, to) {
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    const now = { left: -to.x, top: -to.y, right: to.x - width, bottom: to.y - height };
    this.set(
      /** @type {Margins} */ (SIDES.map((side, i) => (grip.includes(side) ? now[side] : (this.margins[i] ?? 0)))),
    );
  }

  /** @param {string} grip @param {KeyboardEvent} event */
  key(grip, event) {
    /** @type {Record<string, Record<string, number>>} */
    const keys = {
      ArrowLeft: { left: KEY, right: -KEY },
      ArrowRight: { left: -KEY, right: KEY },
      ArrowUp: { top: KEY, bottom: -KEY },
      ArrowDown: { top: -KEY, bottom: KEY },
    };
    const moved = keys[event.key];
    if (!moved) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(
      /** @type {Margins} */ (
        SIDES.map((side, i) => (this.margins[i] ?? 0) + (grip.includes(side) ? (moved[side] ?? 0) : 0))
      ),
    );
    this.fit();
  }

  /** The smallest page of a ratio that holds the picture in its middle. @param {string} ratio as `16:9` */
  shape(ratio) {
    const [wide = 1, tall = 1] = ratio.split(':').map(Number);
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    const across = Math.max(0, Math.round((height * wide) / tall) - width);
    const down = Math.max(0, Math.round((width * tall) / wide) - height);
    this.set([across >> 1, down >> 1, across - (across >> 1), down - (down >> 1)]);
    this.fit();
  }

  /** @param {Margins} margins brought to whole pixels, and to what a page may have */
  set(margins) {
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    const most = [MOST - width, MOST - height];
    this.margins = /** @type {Margins} */ (
      margins.map((pixels, i) => Math.round(Math.min((most[i % 2] ?? 0) / 2, Math.max(0, pixels))))
    );
    this.show();
    this.dispatchEvent(new Event('change'));
  }

  /** Lets the pane show all of the frame, and some more to drag it into. */
  fit() {
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    if (!width || !this.isConnected) return;
    const [left, top, right, bottom] = this.margins;
    const across = 1 + (2 * Math.max(left, right, width / 5)) / width;
    const down = 1 + (2 * Math.max(top, bottom, height / 5)) / height;
    const { clientWidth, clientHeight } = this.pane;
    const whole = Math.min(clientWidth / (width * across), clientHeight / (height * down));
    this.pane.leave(Math.min(1, (ROOM * whole) / Math.min(clientWidth / width, clientHeight / height)));
  }

  show() {
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    if (!width || !this.isConnected) return;
    const [left, top, right, bottom] = this.margins;
    const { left: x0, top: y0, scale } = this.pane.place;
    const [wide, tall] = [(width + left + right) * scale, (height + top + bottom) * scale];
    const [x, y] = [x0 - left * scale, y0 - top * scale];
    Object.assign(this.page.style, { transform: `translate(${x}px, ${y}px)`, width: `${wide}px`, height: `${tall}px` });
    this.page.style.borderWidth = [top, right, bottom, left].map((pixels) => `${pixels * scale}px`).join(' ');
    fill(this.size, `${width + left + right} × ${height + top + bottom}`);
    for (const grip of this.grips) {
      const name = grip.dataset['grip'] ?? '';
      grip.style.left = `${x + (name.includes('left') ? 0 : name.includes('right') ? wide : wide / 2)}px`;
      grip.style.top = `${y + (name.includes('top') ? 0 : name.includes('bottom') ? tall : tall / 2)}px`;
    }
  }
}

customElements.define('extend-frame', ExtendFrame);
