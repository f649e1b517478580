/** Exporting pictures: as they are, or for places; the format, and what each file says of itself; sizes are of the real files. */

/** @import {Plan} from '../data/exports.js' */

import { archive, fileOf } from '../data/client.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, later, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { back } from '../routes.js';
import { t } from '../texts.js';
import { ExportPlaces } from './export-places.js';
import { say } from './say-line.js';

const FORMATS = /** @type {const} */ (['png', 'webp', 'jpg']);
const LEVELS = /** @type {const} */ (['full', 'minimal', 'none']);
const SURROUNDS = /** @type {const} */ (['auto', 'paint', 'blur']);
const USUAL = { way: 'whole', format: 'png', placed: 'own', quality: 80, metadata: 'full', surround: 'auto' };

style(css`
  export-view {
    position: fixed;
    inset: 0;
    z-index: 30;
    display: grid;
    grid-template: auto minmax(0, 1fr) / minmax(0, 1fr) 340px;
    background: var(--paper);
    > header {
      grid-column: 1 / -1;
      display: flex;
      align-items: center;
      gap: var(--s4);
      padding: var(--s2) var(--s3) var(--s2) var(--s4);
      border-bottom: 1px solid var(--line);
    }
    .stage {
      overflow: auto;
      padding: var(--s5);
      display: grid;
    }
    .whole {
      max-width: 100%;
      max-height: 100%;
      min-height: 0;
      margin: auto;
      border-radius: var(--round-s);
    }
    aside {
      overflow: auto;
      padding: var(--s5) var(--s5) var(--s6);
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--s5);
      align-content: start;
      border-left: 1px solid var(--line);
    }
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
      flex-wrap: wrap;
      gap: var(--s2) var(--s4);
    }
    label {
      display: flex;
      align-items: center;
      gap: var(--s2);
    }
    .quality {
      display: grid;
      grid-template-columns: auto 1fr 2em;
      text-align: right;
    }
    .main {
      min-height: 44px;
      padding: 0 var(--s3);
    }
    @media (max-width: 800px) {
      grid-template: auto max-content max-content / minmax(0, 1fr);
      overflow: auto;
      .stage {
        overflow: visible;
        padding: var(--s4) var(--s3);
      }
      .whole {
        max-height: 44vh;
      }
      aside {
        overflow: visible;
        border: 0;
        padding: var(--s4);
      }
    }
  }
`);

class ExportView extends HTMLElement {
  choice = { ...USUAL, ...kept('export', {}) };

  connectedCallback() {
    this.setAttribute('role', 'dialog');
    this.setAttribute('aria-modal', 'true');
    this.ariaLabel = t.export.title;
    this.tabIndex = -1;
    this.ids = (this.dataset['what'] ?? '').split(',').map(Number);
    this.whole = h('img', { class: 'whole checks', alt: t.picture.download });
    this.places = new ExportPlaces(this.ids);
    this.told = h('p', { class: 'quiet small', role: 'status' });
    this.warned = h('p', { class: 'quiet small' });
    this.aside = h('aside', {});
    const close = h(
      'button',
      { class: 'bare push', 'aria-label': t.picture.close, title: t.picture.close, onclick: back },
      icon('close'),
    );
    this.ways = h('div', { class: 'row', role: 'group', 'aria-label': t.export.way });
    this.stage = h('div', { class: 'stage' });
    fill(this, h('header', {}, h('h2', {}, t.export.title), this.ways, close), this.stage, this.aside);
    this.stop = listen([
      [document, 'keydown', (event) => event.key === 'Escape' && back()],
      [this.places, 'told', (event) => this.tell(event.detail)],
    ]);
    this.measure = later(() => this.look().catch((error) => say(error.message)), 150);
    this.lay();
    this.focus();
  }

  disconnectedCallback() {
    this.stop?.abort();
    if (this.whole?.src) URL.revokeObjectURL(this.whole.src);
  }

  get forPlaces() {
    return this.choice.way === 'places';
  }

  /** What belongs to the way that is chosen. */
  lay() {
    if (!this.ways || !this.stage || !this.aside) return;
    const way = (/** @type {'whole' | 'places'} */ name) =>
      h(
        'button',
        { 'aria-pressed': String(this.choice.way === name), onclick: () => this.turn(name) },
        t.export.whats[name],
      );
    fill(this.ways, way('whole'), way('places'));
    fill(this.stage, this.forPlaces ? this.places : this.whole);
    this.go = h('button', { class: 'main', onclick: () => this.download() }, icon('export', 18), this.label);
    fill(
      this.aside,
      this.formats(),
      this.forPlaces && this.radios('surround', SURROUNDS, t.export.surrounds, t.export.surround),
      this.radios('metadata', LEVELS, t.export, t.export.metadata),
      this.told,
      this.warned,
      this.go,
    );
    this.set({});
  }

  /** @param {'whole' | 'places'} way */
  turn(way) {
    this.choice.way = way;
    if (this.told && this.warned) for (const line of [this.told, this.warned]) fill(line);
    this.lay();
  }

  get label() {
    const n = (this.ids?.length ?? 1) * (this.forPlaces ? (this.places?.chosen.length ?? 0) : 1);
    return this.forPlaces ? t.export.zip(n) : t.export.download(n);
  }

  formats() {
    const quality = h('input', {
      type: 'range',
      min: 0,
      max: 100,
      'aria-label': t.export.quality,
      value: this.choice.quality,
      oninput: () => this.set({ quality: Number(quality.value) }),
    });
    this.shown = h('span', {});
    this.rate = h('label', { class: 'quality' }, t.export.quality, quality, this.shown);
    const field = this.forPlaces
      ? this.radios('placed', ['own', ...FORMATS], t.export.formats, t.export.format)
      : this.radios('format', FORMATS, t.export.formats, t.export.format);
    field.append(this.rate);
    return field;
  }

  /** @param {'format' | 'placed' | 'metadata' | 'surround'} name @param {readonly string[]} values @param {object} texts @param {string} title */
  radios(name, values, texts, title) {
    const radio = (/** @type {string} */ value) =>
      h(
        'label',
        {},
        h('input', {
          type: 'radio',
          name,
          value,
          checked: this.choice[name] === value,
          onchange: () => this.set({ [name]: value }),
        }),
        Reflect.get(texts, value) ?? value.toUpperCase(),
      );
    const kinds = values.map(radio);
    return h(
      'fieldset',
      {},
      h('legend', {}, title),
      values.some((value) => value === 'png') ? h('div', { class: 'kinds' }, kinds) : kinds,
    );
  }

  /** @param {Partial<typeof USUAL>} fields */
  set(fields) {
    this.choice = { ...this.choice, ...fields };
    keep('export', this.choice);
    const { format, placed, quality, metadata, surround } = this.choice;
    if (this.shown) fill(this.shown, quality);
    if (this.rate) this.rate.hidden = ['png', 'own'].includes(this.forPlaces ? placed : format);
    const own = placed === 'own';
    this.places?.set({
      format: own ? null : placed,
      quality: own || placed === 'png' ? null : quality,
      metadata,
      surround,
    });
    if (!this.forPlaces) this.measure?.();
  }

  get as() {
    const { format, quality, metadata } = this.choice;
    return format === 'png' ? { format, metadata } : { format, quality, metadata };
  }

  /** The file as it will be. */
  async look() {
    const [first] = this.ids ?? [];
    if (first === undefined || !this.whole || !this.told) return;
    const blob = await (await fetch(fileOf(first, this.as))).blob();
    URL.revokeObjectURL(this.whole.src);
    this.whole.src = URL.createObjectURL(blob);
    fill(
      this.told,
      t.export.size(blob.size, this.ids?.length ?? 1),
      this.choice.format === 'jpg' && ` ${t.export.onWhite}`,
    );
  }

  /** What the files for places would be. @param {Plan} plan */
  tell({ files, warnings }) {
    if (!this.forPlaces || !this.told || !this.warned || !this.go) return;
    const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
    const painted = files.filter((file) => file.painted_by).length;
    fill(this.told, files.length ? t.export.sizes(bytes, painted) : t.export.nowhere);
    fill(this.warned, warnings.join(' '));
    fill(this.go, icon('export', 18), this.label);
    this.go.disabled = files.length === 0;
  }

  async download() {
    const ids = this.ids ?? [];
    const { go } = this;
    const several = this.forPlaces || ids.length > 1;
    if (go) go.disabled = true;
    if (go && this.forPlaces) fill(go, t.export.making);
    try {
      const file = async () => (await fetch(fileOf(ids[0] ?? 0, this.as))).blob();
      const blob = this.forPlaces ? await this.places?.made() : await (several ? archive(ids, this.as) : file());
      const address = URL.createObjectURL(/** @type {Blob} */ (blob));
      h('a', { href: address, download: several ? 'sfumato.zip' : `sfumato-${ids[0]}.${this.choice.format}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 30_000);
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
    if (go) {
      go.disabled = false;
      fill(go, icon('export', 18), this.label);
    }
  }
}

customElements.define('export-view', ExportView);
