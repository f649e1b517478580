/** Marking a part of a picture: brush, eraser, lasso and box, at the picture's own resolution. */

/** @import {IconName} from '../icons.js' */
/** @import {Tool} from './mask-pane.js' */

import { fileOf } from '../data/client.js';
import { Mask } from '../data/mask.js';
import { css, fill, h, later, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { MaskPane } from './mask-pane.js';

const TOOLS = /** @type {[Tool, IconName, string, string][]} */ ([
  ['brush', 'mask', t.canvas.brush, 'b'],
  ['eraser', 'erase', t.canvas.eraser, 'e'],
  ['lasso', 'lasso', t.canvas.lasso, 'l'],
  ['box', 'box', t.canvas.box, 'm'],
  ['hand', 'hand', t.canvas.move, 'h'],
]);
const SIZES = { low: 1, high: 512 };
const STEP = 1.25; // times, for [ and ]

style(css`
  canvas-view {
    position: fixed;
    inset: 0;
    z-index: 30;
    display: grid;
    grid-template-rows: auto 1fr auto;
    background: var(--paper);
    > header,
    > footer {
      display: flex;
      align-items: center;
      gap: var(--s2);
      padding: var(--s2) var(--s4);
      overflow-x: auto;
    }
    mask-pane {
      background: var(--well);
    }
    .size {
      width: 140px;
      flex: none;
    }
    label {
      display: inline-flex;
      align-items: center;
      gap: var(--s2);
      white-space: nowrap;
    }
  }
`);

class CanvasView extends HTMLElement {
  connectedCallback() {
    const id = Number(this.dataset['what']);
    this.setAttribute('role', 'dialog');
    this.setAttribute('aria-modal', 'true');
    this.ariaLabel = t.canvas.title;
    this.tabIndex = -1;
    const pane = new MaskPane();
    this.pane = pane;
    pane.setAttribute('role', 'img');
    pane.ariaLabel = t.canvas.surface;
    pane.image.alt = '';
    pane.image.addEventListener('load', () => this.begin(), { once: true });
    const tool = (/** @type {[Tool, IconName, string, string]} */ [name, sign, text, key]) =>
      h(
        'button',
        {
          class: 'bare',
          'data-tool': name,
          'aria-pressed': String(name === pane.tool),
          'aria-label': text,
          title: `${text} (${key.toUpperCase()})`,
          onclick: () => this.choose(name),
        },
        icon(sign),
      );
    const act = (/** @type {IconName} */ sign, /** @type {string} */ text, /** @type {() => void} */ onclick) =>
      h('button', { class: 'bare', 'aria-label': text, title: text, onclick }, icon(sign));
    this.size = h('input', {
      type: 'range',
      class: 'size',
      min: 0,
      max: 100,
      'aria-label': t.canvas.size,
      oninput: () => this.setSize(SIZES.low * (SIZES.high / SIZES.low) ** (Number(this.size?.value) / 100)),
    });
    const soft = h('input', { type: 'checkbox', onchange: () => (pane.soft = soft.checked) });
    this.area = h('span', { class: 'quiet small', role: 'status' });
    fill(
      this,
      h(
        'header',
        {},
        h('h2', {}, t.canvas.title),
        this.area,
        h('button', { class: 'bare push', 'aria-label': t.picture.close, onclick: () => this.leave() }, icon('close')),
      ),
      pane,
      h(
        'footer',
        { role: 'toolbar', 'aria-label': t.canvas.title },
        TOOLS.map(tool),
        this.size,
        h('label', {}, soft, t.canvas.soft),
        act('invert', t.canvas.invert, () => this.mask?.invert()),
        act('bin', t.canvas.clear, () => this.mask?.clear()),
        act('undo', t.canvas.undo, () => this.mask?.undo()),
        act('redo', t.canvas.redo, () => this.mask?.redo()),
        h('button', { class: 'main push', onclick: () => this.save(id) }, t.canvas.save),
      ),
    );
    pane.image.src = fileOf(id);
    this.stop = listen([[document, 'keydown', (event) => this.key(event)]]);
    this.focus();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** The picture is here: a mask of its size. */
  begin() {
    if (!this.pane) return;
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    this.mask = new Mask(width, height);
    this.pane.take(this.mask);
    this.setSize(Math.max(width, height) / 10);
    const tell = later(() => this.area && fill(this.area, t.canvas.area((this.mask?.area() ?? 0) * 100)), 100);
    this.mask.addEventListener('change', tell);
    tell();
  }

  /** @param {Tool} tool */
  choose(tool) {
    if (!this.pane) return;
    this.pane.tool = tool;
    this.pane.classList.toggle('hand', tool === 'hand');
    for (const button of this.querySelectorAll('[data-tool]'))
      button.ariaPressed = String(button.getAttribute('data-tool') === tool);
  }

  /** @param {number} size pixels of the picture */
  setSize(size) {
    if (!this.pane || !this.size) return;
    this.pane.size = Math.min(SIZES.high, Math.max(SIZES.low, size));
    this.size.value = String((Math.log(this.pane.size / SIZES.low) / Math.log(SIZES.high / SIZES.low)) * 100);
  }

  /** @param {number} id */
  async save(id) {
    if (!this.mask) return;
    const address = URL.createObjectURL(await this.mask.png());
    h('a', { href: address, download: `sfumato-${id}-mask.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  leave() {
    location.hash = `#/picture/${this.dataset['what']}`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.pane) return;
    const tool = TOOLS.find(([, , , key]) => key === event.key.toLowerCase())?.[0];
    const command = event.ctrlKey || event.metaKey;
    if (event.key === 'Escape') this.leave();
    else if (command && event.key.toLowerCase() === 'z') event.shiftKey ? this.mask?.redo() : this.mask?.undo();
    else if (command && event.key.toLowerCase() === 'y') this.mask?.redo();
    else if (command || event.altKey) return;
    else if (event.key === '[') this.setSize(this.pane.size / STEP);
    else if (event.key === ']') this.setSize(this.pane.size * STEP);
    else if (event.key === 'i') this.mask?.invert();
    else if (event.key === '0') this.pane.view.look({ scale: null });
    else if (tool) this.choose(tool);
    else if (!this.pane.key(event)) return;
    event.preventDefault();
  }
}

customElements.define('canvas-view', CanvasView);
