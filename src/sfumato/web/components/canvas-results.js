/** What came of a picture on the canvas: thumbnails, those that are being painted too. Says `chosen` with a picture, or null. */

/** @import {Edits} from '../data/edits.js' */
/** @import {Job, Picture} from '../types.js' */

import { thumbnailOf } from '../data/client.js';
import { jobs } from '../data/jobs.js';
import { arrange, css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

style(css`
  canvas-results {
    display: grid;
    gap: var(--s2);
    &[hidden] {
      display: none;
    }
    h3 {
      font-weight: 500;
      color: var(--soft);
    }
    .strip {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));
      gap: var(--s2);
    }
    .strip > * {
      position: relative;
      aspect-ratio: 1;
      min-height: 0;
      padding: 0;
      border-radius: var(--round-s);
      overflow: hidden;
      background: var(--well);
    }
    .strip img {
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
    button[aria-pressed='true'] {
      outline: 2px solid var(--accent);
      outline-offset: 2px;
    }
    .making progress {
      position: absolute;
      inset: auto 6px 6px;
      width: calc(100% - 12px);
      height: 3px;
      border: 0;
      border-radius: 3px;
      appearance: none;
      overflow: hidden;
      background: var(--line);
      &::-webkit-progress-bar {
        background: var(--line);
      }
      &::-webkit-progress-value {
        background: var(--ink);
      }
      &::-moz-progress-bar {
        background: var(--ink);
      }
    }
    .making button {
      position: absolute;
      top: 2px;
      right: 2px;
      width: 28px;
      min-height: 28px;
      padding: 0;
      background: var(--veil);
    }
    .failed {
      color: var(--wrong);
    }
  }
`);

export class CanvasResults extends HTMLElement {
  /** @type {Map<string, HTMLElement>} */
  tiles = new Map();

  /** @type {number | null} */
  chosen = null;

  /** @param {Edits} edits @param {string} base address of the picture itself */
  constructor(edits, base) {
    super();
    this.edits = edits;
    this.base = base;
  }

  connectedCallback() {
    this.strip = h('div', { class: 'strip', role: 'group', 'aria-label': t.canvas.results });
    this.why = h('div', { class: 'failed small', role: 'status' });
    fill(this, h('h3', {}, t.canvas.results), this.strip, this.why);
    this.stop = listen([[jobs, 'change', () => this.show()]]);
    this.show();
    this.edits.load().then(
      () => this.show(),
      () => {}, // what came of it before is only not shown
    );
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const wanted = new Map([['base', this.tile('base', () => this.begun())]]);
    for (const job of this.edits.jobs) {
      if (job.state === 'running' || job.state === 'queued') wanted.set(job.id, this.making(job));
    }
    for (const picture of this.edits.pictures) {
      const name = `picture ${picture.id}`;
      wanted.set(
        name,
        this.tile(name, () => this.made(picture)),
      );
    }
    const fresh = [...wanted.keys()].find((name) => name.startsWith('picture ') && !this.tiles.has(name));
    this.tiles = wanted;
    this.hidden = wanted.size === 1 && !this.edits.jobs.length;
    if (this.strip) arrange(this.strip, [...wanted.values()]);
    const [last] = this.edits.jobs;
    if (this.why) fill(this.why, last?.state === 'failed' && last.reason);
    if (fresh && this.waiting) this.choose(this.edits.pictures.find(({ id }) => fresh === `picture ${id}`) ?? null);
    this.mark();
  }

  /** The next picture that comes is shown at once. */
  await() {
    this.waiting = true;
  }

  /** @param {string} name @param {() => HTMLElement} make */
  tile(name, make) {
    return this.tiles.get(name) ?? make();
  }

  begun() {
    const image = h('img', { src: this.base, alt: '' });
    return h(
      'button',
      { class: 'checks', 'aria-label': t.canvas.base, title: t.canvas.base, onclick: () => this.choose(null) },
      image,
    );
  }

  /** @param {Picture} picture */
  made(picture) {
    const image = h('img', { src: thumbnailOf(picture.id), alt: '' });
    return h(
      'button',
      {
        class: 'checks',
        'data-picture': picture.id,
        'aria-label': t.canvas.result(picture.id),
        onclick: () => this.choose(picture),
      },
      image,
    );
  }

  /** @param {Job} job that waits or is painted */
  making(job) {
    const tile = this.tiles.get(job.id) ?? this.unmade(job);
    const progress = tile.querySelector('progress');
    if (progress) {
      progress.max = Math.max(1, job.steps);
      progress.value = job.step;
    }
    const preview = jobs.sights.get(job.id)?.preview;
    const image = tile.querySelector('img');
    if (preview && image) image.src = preview;
    if (image) image.hidden = !preview;
    return tile;
  }

  /** @param {Job} job */
  unmade(job) {
    const cancel = () => jobs.tell('cancel', job.id).catch((error) => say(error.message));
    return h(
      'div',
      { class: 'making' },
      h('img', { alt: '', hidden: true }),
      h('progress', { 'aria-label': t.live.label }),
      h('button', { 'aria-label': t.live.cancel, title: t.live.cancel, onclick: cancel }, icon('close', 16)),
    );
  }

  /** @param {Picture | null} picture null: the one that they came of */
  choose(picture) {
    this.waiting = false;
    this.chosen = picture?.id ?? null;
    this.mark();
    this.dispatchEvent(new CustomEvent('chosen', { detail: picture }));
  }

  mark() {
    for (const [name, tile] of this.tiles)
      tile.ariaPressed = String(name === (this.chosen === null ? 'base' : `picture ${this.chosen}`));
  }
}

customElements.define('canvas-results', CanvasResults);
