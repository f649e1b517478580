/** Changing a picture: mark a part with brush, lasso or box, or draw a larger page around it; paint; see before and after. */

/** @import {Picture} from '../types.js' */

import * as client from '../data/client.js';
import { baseOf, besides, Edits, fileOfBase, orderOf, WAYS } from '../data/edits.js';
import { farFrom, Mask } from '../data/mask.js';
import { css, fill, h, later, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { BeforeAfter } from './before-after.js';
import { CanvasForm } from './canvas-form.js';
import { CanvasResults } from './canvas-results.js';
import { CanvasTools } from './canvas-tools.js';
import { ExtendFrame } from './extend-frame.js';
import { KeptBadge } from './kept-badge.js';
import { MaskPane } from './mask-pane.js';
import { PoseFrame } from './pose-frame.js';
import { remedies } from './remedies.js';
import { say } from './say-line.js';

const ROOM = 0.94; // of the stage, that the picture takes
const POSED = 0.74; // the same, above the tools of the pose

style(css`
  canvas-view {
    position: fixed;
    inset: 0;
    z-index: 30;
    display: grid;
    grid-template: auto minmax(0, 1fr) / auto minmax(0, 1fr) 340px;
    background: var(--paper);
    > header {
      grid-column: 1 / -1;
      display: flex;
      align-items: center;
      gap: var(--s3);
      padding: var(--s2) var(--s3) var(--s2) var(--s4);
      border-bottom: 1px solid var(--line);
    }
    header .small {
      margin-right: auto;
      line-height: 1.2;
    }
    h2:has(+ [hidden]) {
      margin-right: auto;
    }
    canvas-tools {
      grid-area: 2 / 1;
    }
    .stage {
      grid-area: 2 / 2;
      position: relative;
      min-height: 0;
      background: var(--well);
    }
    .stage > mask-pane,
    .stage > before-after {
      position: absolute;
      inset: 0;
    }
    .stage > before-after {
      inset: var(--s4) var(--s5);
    }
    .looking > :is(mask-pane, extend-frame, pose-frame) {
      visibility: hidden;
    }
    canvas-tools[inert] {
      opacity: 0.4;
    }
    .onward {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: var(--s2);
    }
    aside {
      grid-area: 2 / 3;
      overflow: auto;
      padding: var(--s4) var(--s4) var(--s6);
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--s5);
      align-content: start;
      border-left: 1px solid var(--line);
    }
    @media (max-width: 800px) {
      grid-template: auto 50vh max-content max-content / minmax(0, 1fr);
      overflow: auto;
      .stage {
        grid-area: 2 / 1;
      }
      canvas-tools {
        grid-area: 3 / 1;
      }
      aside {
        grid-area: 4 / 1;
        overflow: visible;
        border: 0;
      }
      .save {
        min-width: var(--touch);
        span {
          display: none;
        }
      }
    }
  }
`);

class CanvasView extends HTMLElement {
  get base() {
    return baseOf(this.dataset['what'] ?? '');
  }

  pane = new MaskPane();

  form = new CanvasForm();

  tools = new CanvasTools(this.pane);

  frame = new ExtendFrame(this.pane);

  pose = new PoseFrame(this.pane);

  slide = new BeforeAfter();

  area = h('span', { class: 'quiet small', role: 'status' });

  badge = new KeptBadge();

  keepIt = h(
    'button',
    { class: 'save', 'aria-label': t.canvas.save, title: t.canvas.save, onclick: () => this.save() },
    icon('save', 18),
    h('span', {}, t.canvas.save),
  );

  onward = h('div', { class: 'onward', hidden: true });

  connectedCallback() {
    this.setAttribute('role', 'dialog');
    this.setAttribute('aria-modal', 'true');
    this.ariaLabel = t.canvas.title;
    this.tabIndex = -1;
    this.pane.setAttribute('role', 'img');
    this.pane.ariaLabel = t.canvas.surface;
    this.pane.image.alt = '';
    this.slide.hidden = true;
    this.edits = new Edits(this.base);
    const results = new CanvasResults(
      this.edits,
      typeof this.base === 'number' ? client.thumbnailOf(this.base) : fileOfBase(this.base),
    );
    this.results = results;
    this.stage = h('div', { class: 'stage' }, this.pane, this.frame, this.pose, this.slide, this.badge);
    const close = h(
      'button',
      { class: 'bare', 'aria-label': t.picture.close, title: t.picture.close, onclick: () => this.leave() },
      icon('close'),
    );
    fill(
      this,
      h('header', {}, h('h2', {}, t.canvas.title), this.area, this.keepIt, close),
      this.tools,
      this.stage,
      h('aside', {}, this.form, this.onward, results),
    );
    this.stop = listen([
      [document, 'keydown', (event) => this.key(event)],
      [this.form, 'way', () => this.turn()],
      [this.form, 'shape', (event) => this.frame.shape(event.detail)],
      [this.form, 'paint', () => this.paint()],
      [this.pose, 'refused', ({ detail }) => this.form.complain(detail, remedies(detail))],
      [results, 'chosen', (event) => this.look(event.detail)],
    ]);
    this.load();
    this.focus();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  async load() {
    const { image } = this.pane;
    image.src = fileOfBase(this.base);
    try {
      await image.decode();
    } catch {
      say(t.canvas.gone);
      return this.leave();
    }
    this.begin(new Mask(image.naturalWidth, image.naturalHeight, farFrom(image)));
    if (typeof this.base !== 'number') return;
    const { recipe } = await client.picture(this.base);
    this.form.begin(recipe.model, recipe.prompt);
  }

  /** The picture is here: a mask of its size. @param {Mask} mask */
  begin(mask) {
    this.mask = mask;
    this.pane.take(mask);
    this.tools.take(mask);
    const tell = later(() => fill(this.area, t.canvas.area(mask.area() * 100)), 100);
    mask.addEventListener('change', tell);
    tell();
    this.turn();
  }

  /** Another way was chosen: the frame, or the mask. */
  turn() {
    const { by } = WAYS[this.form.way];
    const [framed, posed] = [by === 'frame', by === 'pose'];
    const unmasked = framed || posed;
    this.results?.choose(null);
    this.frame.hidden = !framed;
    this.pose.hidden = !posed;
    this.tools.hidden = this.area.hidden = this.keepIt.hidden = unmasked;
    this.mask?.canvas.toggleAttribute('hidden', unmasked);
    this.tools.choose(unmasked ? 'hand' : 'brush');
    if (posed) this.pose.begin();
    if (framed) this.frame.fit();
    else this.pane.leave(posed ? POSED : ROOM);
  }

  /** Why it cannot be painted yet; empty where it can. @param {Mask} mask */
  missing(mask) {
    const way = WAYS[this.form.way];
    if (way.words === 'needed' && !this.form.wish.prompt) return t.canvas.needsWords;
    if (way.by === 'mark' && mask.isEmpty) return t.canvas.needsMask;
    return way.by === 'frame' && !this.frame.margins.some(Boolean) ? t.canvas.needsFrame : '';
  }

  async paint() {
    const { mask, form } = this;
    if (!mask) return;
    const missing = this.missing(mask);
    form.complain(missing);
    if (missing) return;
    form.wait(true);
    try {
      const drawn = { mask, image: this.pane.image, margins: this.frame.margins, pose: () => this.pose.picture() };
      this.results?.await();
      await this.edits?.order(await orderOf(form.way, this.base, drawn, form.wish));
    } catch (error) {
      form.complain(/** @type {Error} */ (error).message);
    }
    form.wait(false);
  }

  /** @param {Picture | null} picture that came of it; null: the mask again */
  look(picture) {
    this.slide.hidden = this.onward.hidden = !picture;
    this.stage?.classList.toggle('looking', Boolean(picture));
    this.tools.inert = Boolean(picture);
    this.badge.take(picture);
    if (!picture) return;
    this.slide.later.view.look({ scale: null });
    const file = client.fileOf(picture.id);
    const before = besides(picture) ?? { address: file, name: t.slide.before };
    this.slide.compare(before, file, picture.recipe.prompt);
    const act = (/** @type {string} */ text, /** @type {() => void} */ onclick) =>
      h('button', { class: 'edged', onclick }, text);
    fill(
      this.onward,
      act(t.canvas.onward, () => (location.hash = `#/canvas/${picture.id}`)),
      act(t.canvas.open, () => (location.hash = `#/picture/${picture.id}`)),
    );
  }

  async save() {
    if (!this.mask) return;
    const address = URL.createObjectURL(await this.mask.png());
    h('a', { href: address, download: `sfumato-${this.base}-mask.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  leave() {
    location.hash = typeof this.base === 'number' ? `#/picture/${this.base}` : '#/';
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const typing =
      event.target instanceof Element && event.target.closest('input:not([type=range]), textarea, select, dialog');
    if (event.key === 'Escape' && this.querySelector(':popover-open')) return; // which it closes
    if (event.key === 'Escape') return this.results?.chosen == null ? this.leave() : this.results?.choose(null);
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.paint();
    else if (typing) return;
    else if (this.results?.chosen != null ? !this.slide.later.key(event) : !this.tools.key(event)) return;
    event.preventDefault();
  }
}

customElements.define('canvas-view', CanvasView);
