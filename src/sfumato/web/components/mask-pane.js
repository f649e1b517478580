/** A zoom pane to draw a mask in. A second finger, the wheel or the hand move and zoom instead. */

/** @import {Mask, Point} from '../data/mask.js' */

import { css, style } from '../dom.js';
import { ZoomPane } from './zoom-pane.js';

style(css`
  mask-pane {
    display: block;
    position: relative;
    overflow: hidden;
    touch-action: none;
    cursor: crosshair;
    min-height: 0;
    &.hand {
      cursor: grab;
    }
    img,
    canvas {
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
    canvas {
      opacity: 0.6;
      pointer-events: none;
    }
    .ring {
      position: absolute;
      top: 0;
      left: 0;
      border: 1.5px solid #fff;
      border-radius: 50%;
      box-shadow: 0 0 0 1px #000;
      pointer-events: none;
      mix-blend-mode: difference;
    }
    svg.line {
      position: absolute;
      inset: 0;
      width: 100%;
      height: 100%;
      pointer-events: none;
      fill: none;
      stroke: #fff;
      stroke-width: 1.5;
      stroke-dasharray: 5 4;
      mix-blend-mode: difference;
    }
  }
`);

/** @typedef {'brush' | 'eraser' | 'lasso' | 'box' | 'hand'} Tool */

const SVG = 'http://www.w3.org/2000/svg';
const ERASER = 5; // the button that the other end of a pen is

export class MaskPane extends ZoomPane {
  /** @type {Mask | null} */
  mask = null;

  /** @type {Tool} */
  tool = 'brush';

  /** Across, in pixels of the picture. */
  size = 40;

  soft = false;

  room = 1;

  /** @type {Point[]} of the stroke that is being drawn */
  points = [];

  ring = Object.assign(document.createElement('div'), { className: 'ring', hidden: true });

  line = document.createElementNS(SVG, 'svg');

  /** @param {Mask} mask */
  take(mask) {
    this.mask = mask;
    this.line.classList.add('line');
    this.append(mask.canvas, this.line, this.ring);
    this.addEventListener('pointerleave', () => (this.ring.hidden = true));
    this.addEventListener('contextmenu', (event) => event.preventDefault());
    for (const name of ['pointerup', 'pointercancel']) this.addEventListener(name, () => this.lift());
    this.show();
  }

  /** @override */
  show() {
    super.show();
    if (this.mask) this.mask.canvas.style.transform = this.image.style.transform;
    this.trace();
  }

  /** @override */
  get fitted() {
    return super.fitted * this.room;
  }

  /** Shows the picture smaller than it would fit, for what is to be around it. @param {number} room 0 to 1 */
  leave(room) {
    this.room = room;
    this.view.look({ scale: null });
  }

  /** Where a pointer is on the picture. @param {{clientX: number, clientY: number}} event @returns {Point} */
  at(event) {
    const box = this.getBoundingClientRect();
    const { left, top, scale } = this.place;
    return { x: (event.clientX - box.left - left) / scale, y: (event.clientY - box.top - top) / scale };
  }

  /** @override @param {PointerEvent} event */
  down(event) {
    super.down(event);
    this.wiping = this.tool === 'eraser' || event.button === ERASER;
    if (this.tool === 'hand' || (event.button !== 0 && event.button !== ERASER) || !this.mask) return;
    if (this.pointers.size > 1) return this.drop();
    this.mask.begin();
    this.points = [this.at(event)];
    this.draw(event);
  }

  /** @override @param {PointerEvent} event */
  drag(event) {
    this.showRing(event);
    if (this.tool === 'hand' || this.pointers.size > 1 || !this.points.length) {
      if (this.view.scale !== null || this.pointers.size > 1) super.drag(event);
      return;
    }
    for (const part of event.getCoalescedEvents?.() ?? []) this.draw(part);
    this.draw(event);
  }

  /** @param {PointerEvent} event */
  draw(event) {
    const [from, to] = [this.points.at(-1), this.at(event)];
    if (!this.mask || !from) return;
    if (this.tool === 'brush' || this.tool === 'eraser') {
      const pressure = event.pointerType === 'pen' && event.pressure ? 0.4 + 0.6 * event.pressure : 1;
      this.mask.stroke(from, to, { size: this.size * pressure, soft: this.soft, erase: Boolean(this.wiping) });
      this.points = [to];
    } else if (this.tool === 'lasso') this.points.push(to);
    else {
      const start = this.points[0] ?? to;
      this.points = [start, { x: to.x, y: start.y }, to, { x: start.x, y: to.y }];
    }
    this.erase = event.altKey;
    this.trace();
  }

  /** The stroke is done. */
  lift() {
    if (!this.points.length || !this.mask) return;
    if (this.tool === 'lasso' || this.tool === 'box') this.mask.fill(this.points, Boolean(this.erase));
    this.mask.end();
    this.points = [];
    this.trace();
  }

  /** A second finger came: what was begun is taken back. */
  drop() {
    if (!this.points.length || !this.mask) return;
    this.mask.end();
    this.mask.undo();
    this.points = [];
    this.trace();
  }

  /** The line of a lasso or box while it is drawn. */
  trace() {
    const shown = (this.tool === 'lasso' || this.tool === 'box') && this.points.length > 1;
    this.line.replaceChildren();
    if (!shown) return;
    const { left, top, scale } = this.place;
    const path = document.createElementNS(SVG, 'polygon');
    path.setAttribute('points', this.points.map(({ x, y }) => `${x * scale + left},${y * scale + top}`).join(' '));
    this.line.append(path);
  }

  /** @param {PointerEvent} event */
  showRing(event) {
    const round = this.tool === 'brush' || this.tool === 'eraser';
    this.ring.hidden = !round || event.pointerType === 'touch';
    const box = this.getBoundingClientRect();
    const side = this.size * this.scale;
    this.ring.style.width = this.ring.style.height = `${side}px`;
    this.ring.style.transform = `translate(${event.clientX - box.left - side / 2}px, ${event.clientY - box.top - side / 2}px)`;
  }
}

customElements.define('mask-pane', MaskPane);
