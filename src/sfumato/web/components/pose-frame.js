/**
 * Skeletons over a picture, whose joints are dragged, or moved by keys; a double click takes one out of sight. They may begin
 * with the people of a photograph. Says `change`, and `refused` with the reason where nobody can be found.
 */

/** @import {Person} from '../data/pose.js' */
/** @import {MaskPane} from './mask-pane.js' */

import * as client from '../data/client.js';
import { BONES, colour, drawn, handsOf, LIMBS, mirrored, read, standing, WRISTS, written } from '../data/pose.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const SVG = 'http://www.w3.org/2000/svg';
const KEY = 0.01; // of the picture's longer side
const MOST_PEOPLE = 8;

style(css`
  pose-frame {
    position: absolute;
    inset: 0;
    overflow: hidden;
    pointer-events: none;
    > svg {
      position: absolute;
      inset: 0;
      width: 100%;
      height: 100%;
      stroke-linecap: round;
    }
    .joint {
      position: absolute;
      width: 28px;
      min-height: 28px;
      padding: 0;
      translate: -50% -50%;
      background: none;
      pointer-events: auto;
      touch-action: none;
      cursor: grab;
      &::after {
        content: '';
        width: 13px;
        height: 13px;
        border-radius: 50%;
        border: 2px solid #fff;
        background: var(--joint);
        box-shadow: 0 0 0 1px oklch(0 0 0 / 0.4);
      }
      &.unseen-joint::after {
        background: transparent;
        border-style: dashed;
      }
    }
    &[aria-busy] .tools {
      opacity: 0.5;
      pointer-events: none;
    }
    .tools {
      position: absolute;
      bottom: var(--s4);
      left: 50%;
      translate: -50% 0;
      display: flex;
      gap: 2px;
      padding: 3px;
      border-radius: 99px;
      background: var(--sheet);
      box-shadow: var(--high);
      pointer-events: auto;
    }
  }
`);

export class PoseFrame extends HTMLElement {
  /** @type {Person[]} */
  people = [];

  /** @param {MaskPane} pane */
  constructor(pane) {
    super();
    this.pane = pane;
    this.lines = document.createElementNS(SVG, 'svg');
    this.joints = h('div', {});
    pane.addEventListener('moved', () => this.show());
  }

  connectedCallback() {
    this.setAttribute('role', 'group');
    this.ariaLabel = t.pose.label;
    const file = h('input', {
      type: 'file',
      accept: 'application/json,.json',
      hidden: true,
      onchange: () => this.open(file),
    });
    const photo = h('input', {
      type: 'file',
      accept: 'image/*',
      hidden: true,
      onchange: () => this.lookInto(photo),
    });
    const tool = (
      /** @type {import('../icons.js').IconName} */ sign,
      /** @type {string} */ text,
      /** @type {() => void} */ onclick,
    ) => h('button', { class: 'bare', 'aria-label': text, title: text, onclick }, icon(sign, 18));
    fill(
      this,
      this.lines,
      this.joints,
      h(
        'div',
        { class: 'tools', role: 'toolbar', 'aria-label': t.pose.tools },
        tool('plus', t.pose.add, () => this.add()),
        tool('minus', t.pose.remove, () => this.set(this.people.slice(0, -1))),
        tool('restore', t.pose.mirror, () => this.mirror()),
        tool('search', t.pose.here, () => this.find(fetch(this.pane.image.src).then((answer) => answer.blob()))),
        tool('scene', t.pose.photo, () => photo.click()),
        tool('save', t.pose.save, () => this.save()),
        tool('export', t.pose.open, () => file.click()),
        file,
        photo,
      ),
    );
  }

  get size() {
    const { naturalWidth: width, naturalHeight: height } = this.pane.image;
    return { width, height };
  }

  /** The first time it is looked at, somebody stands there. */
  begin() {
    if (!this.people.length) this.add();
    this.show();
  }

  add() {
    const { width, height } = this.size;
    if (this.people.length >= MOST_PEOPLE) return;
    const n = this.people.length;
    this.set([...this.people, standing(width, height, n ? 0.5 + (n % 2 ? 0.25 : -0.25) : 0.5)]);
  }

  mirror() {
    this.set(this.people.map((joints) => mirrored(joints, this.size.width)));
  }

  /** @param {Person[]} people */
  set(people) {
    this.people = people;
    this.lay();
    this.dispatchEvent(new Event('change'));
  }

  /** A button for each joint. */
  lay() {
    fill(
      this.joints,
      this.people.flatMap((joints, p) => joints.map((_, j) => this.joint(p, j))),
    );
    this.show();
  }

  /** @param {number} p person @param {number} j joint */
  joint(p, j) {
    const button = h('button', { class: 'joint', 'aria-label': t.pose.joints[j], title: t.pose.joints[j] });
    button.style.setProperty('--joint', colour(j));
    button.addEventListener('pointerdown', (event) => button.setPointerCapture(event.pointerId));
    button.addEventListener('pointermove', (event) => {
      if (button.hasPointerCapture(event.pointerId)) this.move(p, j, this.pane.at(event));
    });
    button.addEventListener('dblclick', () => this.hide(p, j));
    button.addEventListener('keydown', (event) => this.key(p, j, event));
    return button;
  }

  /** @param {number} p @param {number} j @param {{x: number, y: number}} to */
  move(p, j, to) {
    const joint = this.people[p]?.[j];
    const { width, height } = this.size;
    if (!joint) return;
    const x = Math.round(Math.min(width, Math.max(0, to.x)));
    const y = Math.round(Math.min(height, Math.max(0, to.y)));
    const side = WRISTS.find(([, wrist]) => wrist === j)?.[0];
    for (const point of (side && this.people[p]?.hands?.[side]) || []) {
      point.x += x - joint.x;
      point.y += y - joint.y;
    }
    Object.assign(joint, { x, y });
    this.show();
    this.dispatchEvent(new Event('change'));
  }

  /** @param {number} p @param {number} j */
  hide(p, j) {
    const joint = this.people[p]?.[j];
    if (joint) joint.seen = !joint.seen;
    this.show();
  }

  /** @param {number} p @param {number} j @param {KeyboardEvent} event */
  key(p, j, event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const joint = this.people[p]?.[j];
    if (!joint || (!by && event.key !== 'Delete')) return;
    event.preventDefault();
    event.stopPropagation();
    if (!by) return this.hide(p, j);
    const step = Math.max(1, KEY * Math.max(this.size.width, this.size.height));
    this.move(p, j, { x: joint.x + (by[0] ?? 0) * step, y: joint.y + (by[1] ?? 0) * step });
  }

  show() {
    if (!this.isConnected || !this.size.width) return;
    const { left, top, scale } = this.pane.place;
    const at = (/** @type {{x: number, y: number}} */ { x, y }) => [left + x * scale, top + y * scale];
    this.lines.replaceChildren();
    const stick = (
      /** @type {{x: number, y: number} | undefined} */ one,
      /** @type {{x: number, y: number} | undefined} */ other,
      /** @type {string} */ stroke,
      thick = 6,
    ) => {
      if (!one || !other) return;
      const line = document.createElementNS(SVG, 'line');
      const ends = [...at(one), ...at(other)];
      ['x1', 'y1', 'x2', 'y2'].forEach((name, i) => line.setAttribute(name, String(ends[i])));
      line.setAttribute('stroke', stroke);
      line.setAttribute('stroke-width', String(thick));
      this.lines.append(line);
    };
    for (const joints of this.people) {
      LIMBS.forEach(([a, b], number) => {
        const [one, other] = [joints[a], joints[b]];
        if (one?.seen && other?.seen) stick(one, other, colour(number));
      });
      for (const [, hand] of handsOf(joints)) for (const [a, b, hue] of BONES) stick(hand[a], hand[b], hue, 2);
    }
    [...this.joints.children].forEach((button, i) => {
      const joint = this.people.flat()[i];
      if (!joint || !(button instanceof HTMLElement)) return;
      const [x, y] = at(joint);
      Object.assign(button.style, { left: `${x}px`, top: `${y}px` });
      button.classList.toggle('unseen-joint', !joint.seen);
    });
  }

  /** OpenPose's JSON, to keep. */
  save() {
    const { width, height } = this.size;
    const address = URL.createObjectURL(new Blob([written(this.people, width, height)], { type: 'application/json' }));
    h('a', { href: address, download: 'sfumato-pose.json' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  /** @param {HTMLInputElement} field */
  async open(field) {
    const { width, height } = this.size;
    const people = read((await field.files?.[0]?.text()) ?? '', width, height);
    field.value = '';
    if (people) this.set(people);
    else say(t.pose.unread);
  }

  /** @param {HTMLInputElement} field */
  async lookInto(field) {
    const file = field.files?.[0];
    if (file) await this.find(file);
    field.value = '';
  }

  /** The people of a photograph take the place of those that are here. @param {Blob | Promise<Blob>} photo */
  async find(photo) {
    const { width, height } = this.size;
    this.ariaBusy = 'true';
    try {
      const { id } = await client.upload(await photo);
      const people = read(await client.people(id), width, height) ?? [];
      this.set(people.slice(0, MOST_PEOPLE));
      say(t.pose.found(this.people.length));
    } catch (error) {
      this.dispatchEvent(new CustomEvent('refused', { detail: /** @type {Error} */ (error).message }));
    }
    this.ariaBusy = null;
  }

  /** As models that follow a pose know it. */
  picture() {
    return drawn(this.people, this.size.width, this.size.height);
  }
}

customElements.define('pose-frame', PoseFrame);
