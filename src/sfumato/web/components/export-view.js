/** Exporting pictures: format, quality with the real size of the file, and what the file says of itself. */

import { archive, fileOf } from '../data/client.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, later, style } from '../dom.js';
import { icon } from '../icons.js';
import { back } from '../routes.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const FORMATS = /** @type {const} */ (['png', 'webp', 'jpg']);
const LEVELS = /** @type {const} */ (['full', 'minimal', 'none']);
const USUAL = { format: 'png', quality: 80, metadata: 'full' };

style(css`
  export-view dialog {
    display: grid;
    gap: var(--s4);
    fieldset {
      border: 0;
      padding: 0;
      margin: 0;
      display: grid;
      gap: var(--s2);
    }
    legend {
      padding: 0;
      margin-bottom: var(--s2);
      font-weight: 550;
    }
    .kinds {
      display: flex;
      gap: var(--s2);
    }
    label {
      display: flex;
      align-items: center;
      gap: var(--s2);
    }
    .quality {
      display: grid;
      grid-template-columns: 1fr auto;
      gap: var(--s2);
    }
    img {
      max-width: 100%;
      max-height: 240px;
      margin: 0 auto;
      border-radius: var(--round-s);
    }
  }
`);

class ExportView extends HTMLElement {
  choice = { ...USUAL, ...kept('export', {}) };

  connectedCallback() {
    this.ids = (this.dataset['what'] ?? '').split(',').map(Number);
    this.preview = h('img', { class: 'checks', alt: t.picture.download });
    this.told = h('p', { class: 'quiet small', role: 'status' });
    this.quality = h('input', {
      type: 'range',
      min: 0,
      max: 100,
      'aria-label': t.export.quality,
      value: this.choice.quality,
      oninput: () => this.set({ quality: Number(this.quality?.value) }),
    });
    this.shown = h('span', {});
    const radio = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ text) =>
      h(
        'label',
        {},
        h('input', {
          type: 'radio',
          name,
          value,
          checked: Reflect.get(this.choice, name) === value,
          onchange: () => this.set({ [name]: value }),
        }),
        text,
      );
    this.rate = h('label', { class: 'quality' }, this.quality, this.shown);
    const go = h(
      'button',
      { class: 'main', onclick: () => this.download() },
      icon('export', 18),
      t.export.download(this.ids.length),
    );
    const dialog = h(
      'dialog',
      { 'aria-label': t.export.title, onclose: back },
      h(
        'div',
        { class: 'row' },
        h('h2', {}, t.export.title),
        h(
          'button',
          { class: 'bare push', 'aria-label': t.picture.close, onclick: () => dialog.close() },
          icon('close'),
        ),
      ),
      this.preview,
      h(
        'fieldset',
        {},
        h('legend', {}, t.export.format),
        h(
          'div',
          { class: 'kinds' },
          FORMATS.map((name) => radio('format', name, name.toUpperCase())),
        ),
        this.rate,
      ),
      h(
        'fieldset',
        {},
        h('legend', {}, t.export.metadata),
        LEVELS.map((name) => radio('metadata', name, t.export[name])),
      ),
      this.told,
      h('div', { class: 'row' }, go),
    );
    fill(this, dialog);
    dialog.showModal();
    this.measure = later(() => this.look().catch((error) => say(error.message)), 150);
    this.set({});
  }

  /** @param {Partial<typeof USUAL>} fields */
  set(fields) {
    this.choice = { ...this.choice, ...fields };
    keep('export', this.choice);
    if (this.shown) fill(this.shown, this.choice.quality);
    if (this.rate) this.rate.hidden = this.choice.format === 'png';
    this.measure?.();
  }

  get as() {
    const { format, quality, metadata } = this.choice;
    return format === 'png' ? { format, metadata } : { format, quality, metadata };
  }

  async look() {
    const [first] = this.ids ?? [];
    if (first === undefined || !this.preview || !this.told) return;
    const blob = await (await fetch(fileOf(first, this.as))).blob();
    URL.revokeObjectURL(this.preview.src);
    this.preview.src = URL.createObjectURL(blob);
    fill(
      this.told,
      t.export.size((blob.size / 1024).toFixed(1)),
      this.choice.format === 'jpg' && ` ${t.export.onWhite}`,
    );
  }

  async download() {
    const ids = this.ids ?? [];
    const name = ids.length > 1 ? 'sfumato.zip' : `sfumato-${ids[0]}.${this.choice.format}`;
    try {
      const blob =
        ids.length > 1 ? await archive(ids, this.as) : await (await fetch(fileOf(ids[0] ?? 0, this.as))).blob();
      const address = URL.createObjectURL(blob);
      h('a', { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 30_000);
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }
}

customElements.define('export-view', ExportView);
