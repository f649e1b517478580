/** The tools to draw a mask with, as a rail of buttons and as keys. */

/** @import {Mask} from '../data/mask.js' */
/** @import {IconName} from '../icons.js' */
/** @import {MaskPane, Tool} from './mask-pane.js' */

import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const TOOLS = /** @type {[Tool, IconName, string, string][]} */ ([
  ['brush', 'brush', t.canvas.brush, 'b'],
  ['eraser', 'erase', t.canvas.eraser, 'e'],
  ['lasso', 'lasso', t.canvas.lasso, 'l'],
  ['box', 'box', t.canvas.box, 'm'],
  ['hand', 'hand', t.canvas.move, 'h'],
]);
const SIZES = { low: 1, high: 1024 };
const STEP = 1.25; // times, for [ and ]
const USUAL = 0.1; // of the longer side

style(css`
  canvas-tools {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 2px;
    padding: var(--s3) var(--s2);
    border-right: 1px solid var(--line);
    hr {
      width: 20px;
      height: 0;
      margin: var(--s2) 0;
      border: 0;
      border-top: 1px solid var(--line);
    }
    .size {
      writing-mode: vertical-lr;
      direction: rtl;
      width: 24px;
      height: 110px;
      flex: none;
    }
    .dot {
      font-size: var(--small);
      color: var(--soft);
      font-variant-numeric: tabular-nums;
    }
    @media (max-width: 800px) {
      flex-flow: row wrap;
      padding: var(--s2);
      border: 0;
      border-bottom: 1px solid var(--line);
      hr {
        display: none;
      }
      .size {
        writing-mode: horizontal-tb;
        direction: ltr;
        width: 72px;
        height: auto;
      }
    }
  }
`);

export class CanvasTools extends HTMLElement {
  /** @type {Mask | null} */
  mask = null;

  /** @param {MaskPane} pane that is drawn in */
  constructor(pane) {
    super();
    this.pane = pane;
    const button = (
      /** @type {IconName} */ sign,
      /** @type {string} */ text,
      /** @type {() => void} */ onclick,
      /** @type {object} */ more = {},
    ) =>
      h(
        'button',
        { class: 'bare', 'aria-label': text.replace(/ \(.*/, ''), title: text, onclick, ...more },
        icon(sign),
      );
    this.size = h('input', {
      type: 'range',
      class: 'size',
      min: 0,
      max: 100,
      'aria-label': t.canvas.size,
      oninput: () => this.setSize(SIZES.low * (SIZES.high / SIZES.low) ** (Number(this.size?.value) / 100)),
    });
    this.soft = button('soft', t.canvas.soft, () => this.soften(!this.pane.soft), { 'aria-pressed': 'false' });
    this.undo = button('undo', `${t.canvas.undo} (Ctrl Z)`, () => this.mask?.undo());
    this.redo = button('redo', `${t.canvas.redo} (Ctrl Shift Z)`, () => this.mask?.redo());
    this.told = h('span', { class: 'dot', 'aria-hidden': 'true' });
    this.parts = [
      ...TOOLS.map(([name, sign, text, key]) =>
        button(sign, `${text} (${key.toUpperCase()})`, () => this.choose(name), { 'data-tool': name }),
      ),
      h('hr'),
      this.size,
      this.told,
      this.soft,
      h('hr'),
      button('invert', `${t.canvas.invert} (I)`, () => this.mask?.invert()),
      button('bin', t.canvas.clear, () => this.mask?.clear()),
      this.undo,
      this.redo,
    ];
  }

  connectedCallback() {
    this.setAttribute('role', 'toolbar');
    this.ariaLabel = t.canvas.tools;
    fill(this, this.parts);
    this.choose(this.pane.tool);
  }

  /** @param {Mask} mask */
  take(mask) {
    this.mask = mask;
    this.setSize(Math.max(mask.canvas.width, mask.canvas.height) * USUAL);
    const tell = () => {
      this.undo.disabled = mask.undos.length === 0;
      this.redo.disabled = mask.redos.length === 0;
    };
    mask.addEventListener('change', tell);
    tell();
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.pane.tool = tool;
    this.pane.classList.toggle('hand', tool === 'hand');
    for (const button of this.querySelectorAll('[data-tool]'))
      button.ariaPressed = String(button.getAttribute('data-tool') === tool);
  }

  /** @param {number} size pixels of the picture */
  setSize(size) {
    this.pane.size = Math.min(SIZES.high, Math.max(SIZES.low, size));
    this.size.value = String((Math.log(this.pane.size / SIZES.low) / Math.log(SIZES.high / SIZES.low)) * 100);
    fill(this.told, Math.round(this.pane.size));
  }

  /** @param {boolean} soft */
  soften(soft) {
    this.pane.soft = soft;
    this.soft.ariaPressed = String(soft);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for it */
  key(event) {
    const key = event.key.toLowerCase();
    const tool = TOOLS.find(([, , , letter]) => letter === key)?.[0];
    const command = event.ctrlKey || event.metaKey;
    if (this.hidden) return !command && this.pane.key(event);
    if (command && key === 'z') event.shiftKey ? this.mask?.redo() : this.mask?.undo();
    else if (command && key === 'y') this.mask?.redo();
    else if (command || event.altKey) return false;
    else if (key === '[') this.setSize(this.pane.size / STEP);
    else if (key === ']') this.setSize(this.pane.size * STEP);
    else if (key === 'i') this.mask?.invert();
    else if (key === '0') this.pane.view.look({ scale: null });
    else if (tool) this.choose(tool);
    else return this.pane.key(event);
    return true;
  }
}

customElements.define('canvas-tools', CanvasTools);
