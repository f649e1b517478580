/**
 * A picture to zoom and move: wheel, pinch, drag, double click; keys + - 0 1. Several panes can share one view, so that
 * they show the same place.
 */

import { css, h, style } from '../dom.js';

const MOST = 32; // times

style(css`
  zoom-pane {
    display: block;
    position: relative;
    overflow: hidden;
    touch-action: none;
    cursor: grab;
    min-width: 0;
    min-height: 0;
    &:active {
      cursor: grabbing;
    }
    img {
      position: absolute;
      top: 0;
      left: 0;
      transform-origin: 0 0;
      max-width: none;
      user-select: none;
    }
    img.large {
      image-rendering: pixelated;
    }
  }
`);

/** Where a pane looks. scale: screen pixels a picture pixel; null: fitted. x, y: the middle, as a share of the picture. */
export class View extends EventTarget {
  /** @type {number | null} */
  scale = null;

  x = 0.5;

  y = 0.5;

  /** @param {{scale?: number | null, x?: number, y?: number}} where */
  look(where) {
    Object.assign(this, where);
    this.x = Math.min(1, Math.max(0, this.x));
    this.y = Math.min(1, Math.max(0, this.y));
    this.dispatchEvent(new Event('change'));
  }
}

export class ZoomPane extends HTMLElement {
  view = new View();

  /** @type {Map<number, {x: number, y: number}>} fingers and pens that are down */
  pointers = new Map();

  constructor() {
    super();
    this.image = h('img', { draggable: 'false' });
  }

  connectedCallback() {
    this.replaceChildren(this.image);
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.view.addEventListener('change', () => this.show(), { signal });
    this.image.addEventListener('load', () => this.show(), { signal });
    this.addEventListener('wheel', (event) => this.wheel(event), { signal, passive: false });
    this.addEventListener('pointerdown', (event) => this.down(event), { signal });
    this.addEventListener('pointermove', (event) => this.drag(event), { signal });
    for (const name of ['pointerup', 'pointercancel'])
      this.addEventListener(name, (event) => this.pointers.delete(/** @type {PointerEvent} */ (event).pointerId), {
        signal,
      });
    this.addEventListener(
      'dblclick',
      (event) => this.zoomAt(event, this.view.scale === null ? Math.max(1, this.fitted * 2.5) : null),
      { signal },
    );
    this.watcher = new ResizeObserver(() => this.show());
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    this.stop?.abort();
    this.watcher?.disconnect();
  }

  /** The scale at which the whole picture is seen. */
  get fitted() {
    const { naturalWidth: width, naturalHeight: height } = this.image;
    return width ? Math.min(this.clientWidth / width, this.clientHeight / height) : 1;
  }

  get scale() {
    return this.view.scale ?? this.fitted;
  }

  /** Where the picture lies: its left and top in the pane, and screen pixels a pixel of it. */
  get place() {
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const { scale } = this;
    const [x, y] = this.view.scale === null ? [0.5, 0.5] : [this.view.x, this.view.y];
    return { left: this.clientWidth / 2 - x * width * scale, top: this.clientHeight / 2 - y * height * scale, scale };
  }

  show() {
    if (!this.image.naturalWidth) return;
    const { left, top, scale } = this.place;
    this.image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    this.image.classList.toggle('large', this.view.scale !== null && scale * devicePixelRatio > 3);
    this.dispatchEvent(new Event('moved'));
  }

  /** @param {number} by times */
  zoom(by) {
    this.set(this.scale * by);
  }

  /** @param {number} scale */
  set(scale) {
    const kept = Math.min(MOST, Math.max(Math.min(this.fitted, 1) / 2, scale));
    this.view.look({ scale: kept, ...(this.view.scale === null && { x: 0.5, y: 0.5 }) });
  }

  /** The place under the pointer stays under it. @param {{clientX: number, clientY: number}} at @param {number | null} scale null: fitted */
  zoomAt(at, scale) {
    if (scale === null) return this.view.look({ scale: null });
    const box = this.getBoundingClientRect();
    const [dx, dy] = [at.clientX - box.left - box.width / 2, at.clientY - box.top - box.height / 2];
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const before = this.scale;
    this.set(scale);
    const shift = 1 / before - 1 / this.scale;
    this.view.look({ x: this.view.x + (dx * shift) / width, y: this.view.y + (dy * shift) / height });
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    this.zoomAt(event, this.scale * Math.exp(-event.deltaY / 300));
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    const now = { x: event.clientX, y: event.clientY };
    if (other) {
      const spread = (/** @type {{x: number, y: number}} */ p) => Math.hypot(p.x - other.x, p.y - other.y);
      const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 };
      this.zoomAt(middle, this.scale * (spread(now) / Math.max(1, spread(before))));
    } else if (this.view.scale !== null) {
      const { naturalWidth: width, naturalHeight: height } = this.image;
      this.view.look({
        x: this.view.x - (now.x - before.x) / (width * this.scale),
        y: this.view.y - (now.y - before.y) / (height * this.scale),
      });
    }
    this.pointers.set(event.pointerId, now);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for it */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === '+' || event.key === '=') this.zoom(1.5);
    else if (event.key === '-') this.zoom(1 / 1.5);
    else return false;
    return true;
  }
}

customElements.define('zoom-pane', ZoomPane);
