/** A picture dropped or pasted anywhere: what it says of how it was made is shown, and used only when a person says so. */

import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const KINDS = new Set(['image/png', 'image/jpeg', 'image/webp']);

style(css`
  drop-zone {
    .veil {
      position: fixed;
      inset: 0;
      z-index: 50;
      display: grid;
      place-items: center;
      background: var(--veil);
      font: italic 400 1.75rem/1.3 var(--serif);
      pointer-events: none;
    }
    .file {
      max-width: 100%;
      max-height: 220px;
      margin: 0 auto;
      border-radius: var(--round-s);
    }
    dl {
      display: grid;
      grid-template-columns: auto 1fr;
      gap: 5px var(--s4);
      margin: 0;
      font-size: var(--small);
    }
    dt {
      color: var(--soft);
    }
    dd {
      margin: 0;
      overflow-wrap: anywhere;
    }
  }
`);

class DropZone extends HTMLElement {
  connectedCallback() {
    this.veil = h('div', { class: 'veil', hidden: true }, t.drop.here);
    fill(this, this.veil);
    const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
    this.stop = listen([
      [document, 'dragover', (event) => files(event) && this.over(event, true)],
      [document, 'dragleave', (event) => event.relatedTarget === null && this.over(event, false)],
      [document, 'drop', (event) => files(event) && this.drop(event)],
      [document, 'paste', (event) => event.clipboardData?.files[0] && this.read(event.clipboardData.files[0])],
    ]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** @param {DragEvent} event @param {boolean} on */
  over(event, on) {
    event.preventDefault();
    const taken = event.target instanceof Element && event.target.closest('[data-takes-files]');
    if (this.veil) this.veil.hidden = !on || taken !== null;
  }

  /** @param {DragEvent} event */
  drop(event) {
    this.over(event, false);
    if (event.target instanceof Element && event.target.closest('[data-takes-files]')) return;
    const [file] = event.dataTransfer?.files ?? [];
    if (file) this.read(file);
  }

  /** @param {File} file */
  async read(file) {
    if (!KINDS.has(file.type)) return say(t.drop.kinds);
    try {
      this.show(file, await client.readFile(file));
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }

  /** Sends the picture to the server, to change it on the canvas. @param {File} file @param {HTMLDialogElement} dialog */
  async change(file, dialog) {
    try {
      const { id } = await client.upload(file);
      dialog.close();
      location.hash = `#/canvas/${id}`;
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }

  /** @param {File} file @param {import('../types.js').Found} found */
  show(file, found) {
    const order = asOrder(found);
    const address = URL.createObjectURL(file);
    const rows = Object.entries(order).flatMap(([name, value]) => [
      h('dt', {}, Reflect.get({ ...t.picture.fields, ...t.drop.fields }, name) ?? name),
      h('dd', {}, String(value)),
    ]);
    const use = () => {
      draft.set({ ...BLANK, ...order, n: 1 });
      dialog.close();
      location.hash = '#/';
    };
    const dialog = h(
      'dialog',
      {
        'aria-label': t.drop.title,
        class: 'stack',
        onclose: () => {
          dialog.remove();
          URL.revokeObjectURL(address);
        },
      },
      h(
        'div',
        { class: 'row' },
        h('h2', {}, t.drop.title),
        h(
          'button',
          { class: 'bare push', 'aria-label': t.picture.close, onclick: () => dialog.close() },
          icon('close'),
        ),
      ),
      h('img', { class: 'file checks', src: address, alt: file.name }),
      rows.length ? h('dl', {}, rows) : h('p', {}, t.drop.nothing),
      found.problem && h('p', { class: 'tell small' }, found.problem),
      found.unread.length > 0 && h('p', { class: 'quiet small' }, t.drop.unread(found.unread.join(', '))),
      h(
        'div',
        { class: 'row' },
        rows.length > 0 && h('button', { class: 'main', onclick: use }, t.drop.use),
        h('button', { class: 'edged', onclick: () => this.change(file, dialog) }, icon('mask', 18), t.drop.change),
        h('span', { class: 'quiet small' }, t.drop.asked),
      ),
    );
    this.append(dialog);
    dialog.showModal();
  }
}

const FIELDS = /** @type {const} */ ([
  'prompt',
  'negative',
  'style',
  'model',
  'seed',
  'steps',
  'guidance',
  'rescale',
  'sampler',
  'schedule',
  'width',
  'height',
]);
const BLANK = Object.fromEntries(FIELDS.map((name) => [name, undefined]));

/** The fields of an order that the picture speaks of. @param {import('../types.js').Found} found */
function asOrder(found) {
  const from = /** @type {Record<string, any>} */ (found.recipe ?? found);
  return Object.fromEntries(FIELDS.filter((name) => from[name] ?? false).map((name) => [name, from[name]]));
}

customElements.define('drop-zone', DropZone);
