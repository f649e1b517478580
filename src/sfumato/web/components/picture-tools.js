/** The bar under a picture: zoom, its pixels, the whole of it, before and after, full screen. */

/** @import {Picture} from '../types.js' */
/** @import {IconName} from '../icons.js' */
/** @import {BeforeAfter} from './before-after.js' */
/** @import {ZoomPane} from './zoom-pane.js' */

import { fileOf } from '../data/client.js';
import { besides } from '../data/edits.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const STEP = 1.5; // times

style(css`
  picture-tools {
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
    .scale {
      min-width: 72px;
      padding: 0 var(--s2);
      font-variant-numeric: tabular-nums;
    }
  }
`);

export class PictureTools extends HTMLElement {
  /** @type {Picture | undefined} */
  picture;

  /** @param {ZoomPane} pane @param {BeforeAfter} slide over the pane, where it is compared */
  constructor(pane, slide) {
    super();
    this.pane = pane;
    this.slide = slide;
    slide.later.view = slide.earlier.view = pane.view;
    this.scale = h('button', {
      class: 'scale',
      'aria-label': t.picture.pixels,
      title: t.picture.pixels,
      onclick: () => this.seen.set(1 / devicePixelRatio),
    });
    this.comparing = tool('slide', t.picture.before, () => this.compare(Boolean(slide.hidden)));
    for (const one of [pane, slide.later]) one.addEventListener('moved', () => this.tell());
  }

  connectedCallback() {
    this.setAttribute('role', 'toolbar');
    this.ariaLabel = t.picture.tools;
    fill(
      this,
      tool('minus', t.picture.zoomOut, () => this.seen.zoom(1 / STEP)),
      this.scale,
      tool('plus', t.picture.zoomIn, () => this.seen.zoom(STEP)),
      tool('fit', t.picture.fit, () => this.seen.view.look({ scale: null })),
      this.comparing,
      tool('expand', t.picture.full, () => this.full()),
    );
  }

  /** The pane that is seen. */
  get seen() {
    return this.slide.hidden ? this.pane : this.slide.later;
  }

  tell() {
    fill(this.scale, t.picture.scale(Math.round(this.seen.scale * devicePixelRatio * 100)));
  }

  /** @param {Picture} picture that is shown from now on */
  take(picture) {
    this.picture = picture;
    this.comparing.hidden = !besides(picture);
    this.compare(false);
  }

  /** What it was made from or follows, under a slider. @param {boolean} on */
  compare(on) {
    if (!this.picture) return;
    const { id, recipe } = this.picture;
    const before = besides(this.picture);
    if (on && !before) return;
    this.slide.hidden = !on;
    this.pane.hidden = on;
    this.comparing.ariaPressed = String(on);
    if (on && before) this.slide.compare(before, fileOf(id), recipe.prompt);
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.parentElement?.requestFullscreen();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for it */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === 'b' && !this.comparing.hidden) this.compare(Boolean(this.slide.hidden));
    else if (event.key === 'f') this.full();
    else if (event.key === '0' && this.pane.view.scale !== null) this.pane.view.look({ scale: null });
    else return this.seen.key(event);
    return true;
  }
}

/** @param {IconName} sign @param {string} text @param {() => void} onclick */
function tool(sign, text, onclick) {
  return h('button', { class: 'bare', 'aria-label': text, title: text, onclick }, icon(sign, 18));
}

customElements.define('picture-tools', PictureTools);
