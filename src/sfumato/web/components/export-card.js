/** One place's file, as it would be: the crop to drag and zoom, or what is added around the picture. Says `chosen` and `changed`. */

/** @import {Box, Plan, Planned, Preset} from '../data/exports.js' */

import { moved } from '../data/exports.js';
import { css, fill, h, style } from '../dom.js';
import { t } from '../texts.js';

const KEY = 0.02; // of the picture, that a key moves
const ZOOM = 1.1; // times, for a key or a notch of the wheel

style(css`
  export-card {
    display: grid;
    grid-template: 168px auto / minmax(0, 1fr);
    align-content: start;
    gap: var(--s3);
    padding: var(--s3);
    border-radius: var(--round);
    box-shadow: inset 0 0 0 1px var(--line);
    transition: box-shadow var(--quick);
    &.chosen {
      box-shadow: inset 0 0 0 2px var(--ink);
    }
    .room {
      display: grid;
      place-items: center;
      container-type: size;
    }
    .frame {
      position: relative;
      overflow: hidden;
      border-radius: 4px;
      aspect-ratio: var(--ratio);
      width: min(100cqw, calc(100cqh * var(--ratio)));
      opacity: 0.55;
      transition: opacity var(--quick);
      background: repeating-linear-gradient(45deg, var(--lifted) 0 5px, var(--well) 5px 10px);
    }
    .frame.crop {
      background: var(--well);
    }
    &.chosen .frame,
    &:hover .frame {
      opacity: 1;
    }
    &.chosen .frame.crop {
      cursor: grab;
      touch-action: none;
    }
    img {
      position: absolute;
      max-width: none;
      user-select: none;
      pointer-events: none;
    }
    .told {
      display: grid;
      gap: 2px;
      align-content: start;
    }
    label {
      display: flex;
      align-items: center;
      gap: var(--s2);
      min-height: 28px;
      cursor: pointer;
    }
    .ways {
      display: flex;
      gap: 2px;
      margin-top: 2px;
      button {
        min-height: 30px;
        padding: 0 10px;
        font-size: var(--small);
      }
    }
  }
`);

export class ExportCard extends HTMLElement {
  /** @type {Planned | undefined} */
  planned;

  /** @param {Preset} preset @param {boolean} chosen */
  constructor(preset, chosen) {
    super();
    this.preset = preset;
    this.image = h('img', { alt: '', draggable: 'false' });
    this.frame = h(
      'div',
      { class: 'frame', tabindex: 0, role: 'group', 'aria-label': t.export.frame(preset.about) },
      this.image,
    );
    this.frame.style.setProperty('--ratio', String(preset.width / preset.height));
    this.box = h('input', { type: 'checkbox', checked: chosen, onchange: () => this.choose() });
    this.size = h('span', { class: 'quiet small' });
    this.ways = h('div', { class: 'ways', role: 'group', 'aria-label': t.export.way });
  }

  get chosen() {
    return this.box.checked;
  }

  connectedCallback() {
    this.title = this.preset.about;
    fill(
      this,
      h('div', { class: 'room' }, this.frame),
      h('div', { class: 'told' }, h('label', {}, this.box, this.preset.name), this.size, this.ways),
    );
    this.frame.addEventListener('pointerdown', (event) => this.frame.setPointerCapture(event.pointerId));
    this.frame.addEventListener('pointermove', (event) => this.drag(event));
    this.frame.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.frame.addEventListener('keydown', (event) => this.key(event));
    this.classList.toggle('chosen', this.chosen);
  }

  choose() {
    this.classList.toggle('chosen', this.chosen);
    this.show();
    this.dispatchEvent(new Event('chosen', { bubbles: true }));
  }

  /** @param {string} file address of the picture @param {Plan} plan */
  take(file, plan) {
    this.whole = plan;
    this.planned = plan.files.find((planned) => planned.for === this.preset.name);
    if (this.image.src !== file) this.image.src = file;
    this.show();
  }

  /** How far the picture lies beyond the frame, or the frame beyond the picture. */
  show() {
    const { planned, whole } = this;
    if (!planned || !whole) return;
    const [left, top, right, bottom] = planned.box;
    const extended = planned.way === 'extend';
    const [wide, tall] = [right - left, bottom - top];
    const share = extended
      ? { left: planned.added.left / planned.width, top: planned.added.top / planned.height }
      : { left: -left / wide, top: -top / tall };
    const width = extended ? 1 - (planned.added.left + planned.added.right) / planned.width : whole.width / wide;
    const height = extended ? 1 - (planned.added.top + planned.added.bottom) / planned.height : whole.height / tall;
    const percent = (/** @type {number} */ part) => `${part * 100}%`;
    Object.assign(this.image.style, {
      left: percent(share.left),
      top: percent(share.top),
      width: percent(width),
      height: percent(height),
    });
    this.frame.classList.toggle('crop', !extended);
    const { bytes, surround, painted_by: by, format } = planned;
    const how = extended && surround ? t.export.added(surround, by) : null;
    const heavy = this.chosen && bytes !== null && t.size(bytes);
    fill(
      this.size,
      [`${planned.width} × ${planned.height}`, format.toUpperCase(), heavy, how].filter(Boolean).join(' · '),
    );
    this.size.title = planned.why;
    fill(this.ways, this.chosen && planned.way !== 'whole' ? [this.way('crop'), this.way('extend')] : null);
  }

  /** @param {'crop' | 'extend'} way */
  way(way) {
    const pressed = String(this.planned?.way === way);
    return h('button', { 'aria-pressed': pressed, onclick: () => this.change({ fit: way }) }, t.export.ways[way]);
  }

  /** @param {{fit?: 'crop' | 'extend', box?: Box}} detail */
  change(detail) {
    if (detail.box && this.planned) this.planned = { ...this.planned, box: detail.box, bytes: null };
    this.show();
    this.dispatchEvent(new CustomEvent('changed', { detail, bubbles: true }));
  }

  /** @param {{x?: number, y?: number, zoom?: number}} by shares of the frame, and times */
  move({ x = 0, y = 0, zoom = 1 }) {
    const { planned, whole } = this;
    if (!this.chosen || !planned || !whole || planned.way === 'extend') return false;
    const [left, top, right, bottom] = planned.box;
    this.change({ box: moved(planned.box, whole, { x: x * (right - left), y: y * (bottom - top), zoom }) });
    return true;
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.frame.hasPointerCapture(event.pointerId)) return;
    const { clientWidth, clientHeight } = this.frame;
    this.move({ x: -event.movementX / clientWidth, y: -event.movementY / clientHeight });
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (this.move({ zoom: event.deltaY < 0 ? ZOOM : 1 / ZOOM })) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = {
      ArrowLeft: { x: -KEY },
      ArrowRight: { x: KEY },
      ArrowUp: { y: -KEY },
      ArrowDown: { y: KEY },
      '+': { zoom: ZOOM },
      '-': { zoom: 1 / ZOOM },
    }[event.key];
    if (by && this.move(by)) event.preventDefault();
  }
}

customElements.define('export-card', ExportCard);
