/** One picture over the page: zoom to the pixels, its recipe to read and copy, and what can come of it. */

/** @import {Picture} from '../types.js' */

import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { library } from '../data/library.js';
import { isOfWords } from '../data/spell.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { back } from '../routes.js';
import { t } from '../texts.js';
import { BeforeAfter } from './before-after.js';
import { FinishMenu } from './finish-menu.js';
import { LineageRow } from './lineage-row.js';
import { act, bin, like, rate, repeat } from './picture-acts.js';
import { PictureTools } from './picture-tools.js';
import { RecipeCard } from './recipe-card.js';
import { say } from './say-line.js';
import { ZoomPane } from './zoom-pane.js';

style(css`
  picture-view {
    position: fixed;
    inset: 0;
    z-index: 30;
    display: grid;
    grid-template-columns: minmax(0, 1fr) 360px;
    background: var(--paper);
    animation: arrive var(--quick);
    .stage {
      position: relative;
      min-height: 0;
      background: var(--well);
      zoom-pane {
        position: absolute;
        inset: var(--s4) var(--s5) 72px;
      }
      &:fullscreen {
        background: var(--paper);
      }
    }
    .turn {
      position: absolute;
      top: 50%;
      translate: 0 -50%;
      background: var(--sheet);
      box-shadow: var(--low);
      &.previous {
        left: var(--s3);
      }
      &.next {
        right: var(--s3);
      }
    }
    aside {
      overflow: auto;
      padding: var(--s4) var(--s5) var(--s6);
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--s4);
      grid-auto-rows: max-content; /* long words scroll, and are not pressed together */
      align-content: start;
      border-left: 1px solid var(--line);
      background: var(--paper);
    }
    .stars button {
      width: var(--dense);
      min-height: var(--dense);
      color: var(--edge);
      font-size: 1.25rem;
      &.on {
        color: var(--star);
      }
      &[aria-pressed='true']:not(:hover) {
        background: none;
      }
    }
    .said {
      font-size: 1.0625rem;
      max-height: min(10lh, 26vh);
      overflow: auto;
      overflow-wrap: anywhere;
    }
    .acts {
      display: grid;
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: var(--s2);
      button {
        border-radius: var(--round);
        padding: 0 var(--s2);
        white-space: normal;
        line-height: 1.2;
      }
      .main {
        grid-column: 1 / -1;
        min-height: max(42px, var(--touch));
      }
      > :last-child:nth-child(even) {
        grid-column: 1 / -1;
      }
    }
    before-after {
      position: absolute;
      inset: var(--s4) var(--s5) 72px;
    }
    @media (max-width: 800px) {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: 58vh 1fr;
      overflow: auto;
      aside {
        overflow: visible;
        border-left: 0;
        padding-inline: var(--s4);
      }
      .stage zoom-pane {
        inset: var(--s2) var(--s2) 64px;
      }
    }
  }
`);

class PictureView extends HTMLElement {
  /** @type {Picture | undefined} */
  picture;

  finish = new FinishMenu();

  async connectedCallback() {
    this.setAttribute('role', 'dialog');
    this.setAttribute('aria-modal', 'true');
    this.tabIndex = -1;
    this.pane = new ZoomPane();
    this.side = h('aside', {});
    const slide = new BeforeAfter();
    slide.hidden = true;
    this.tools = new PictureTools(this.pane, slide);
    const stage = h('div', { class: 'stage' }, this.pane, slide, this.turn('previous'), this.turn('next'), this.tools);
    fill(this, stage, this.side, this.finish);
    this.stop = listen([
      [library, 'change', () => this.follow()],
      [document, 'keydown', (event) => this.key(event)],
    ]);
    this.focus();
    await this.load(Number(this.dataset['what']));
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** @param {number} id */
  async load(id) {
    const known = library.rows[library.indexOf(id)];
    try {
      this.picture = known ?? (await client.picture(id));
    } catch {
      say(t.picture.gone);
      back();
      return;
    }
    if (!this.pane) return;
    this.pane.image.alt = this.picture.recipe.prompt;
    this.ariaLabel = t.gallery.picture(this.picture.recipe.prompt, this.picture.recipe.seed);
    this.pane.view.look({ scale: null });
    this.pane.image.src = client.fileOf(id);
    this.card = new RecipeCard(this.picture);
    this.lineage = new LineageRow(id);
    this.tools?.take(this.picture);
    this.finish.picture = this.picture;
    this.show();
  }

  follow() {
    const now = this.picture && library.rows[library.indexOf(this.picture.id)];
    if (now) this.picture = now;
    this.show();
  }

  show() {
    const { picture } = this;
    if (!picture || !this.side) return;
    const focused = document.activeElement?.getAttribute('data-star');
    const stars = [1, 2, 3, 4, 5].map((n) =>
      h(
        'button',
        {
          class: `bare ${n <= picture.rating ? 'on' : ''}`,
          'data-star': n,
          'aria-pressed': String(n === picture.rating),
          'aria-label': t.gallery.rate(n),
          onclick: () => rate([picture], n === picture.rating ? 0 : n),
        },
        '★',
      ),
    );
    const act = (
      /** @type {import('../icons.js').IconName} */ name,
      /** @type {string} */ text,
      /** @type {() => void} */ onclick,
      main = false,
    ) => h('button', { class: main ? 'main' : 'edged', onclick }, icon(name, 18), text);
    const finishing = act('wand', t.finish.larger, () => {});
    finishing.popoverTargetElement = this.finish;
    fill(
      this.side,
      h(
        'div',
        { class: 'row' },
        h('span', { class: 'stars', role: 'group', 'aria-label': t.gallery.rated }, stars),
        h(
          'button',
          {
            class: 'bare push',
            'aria-label': t.gallery.bin,
            title: t.gallery.bin,
            onclick: () => {
              bin([picture], true);
              back();
            },
          },
          icon('bin'),
        ),
        h(
          'button',
          { class: 'bare', 'aria-label': t.picture.close, title: t.picture.close, onclick: back },
          icon('close'),
        ),
      ),
      h('p', { class: 'said', dir: 'auto' }, picture.recipe.prompt),
      h(
        'div',
        { class: 'acts' },
        isOfWords(picture.recipe)
          ? act('again', t.picture.remix, () => this.use(false), true)
          : act('again', t.picture.again, () => repeat(picture), true),
        act('copy', t.picture.useAll, () => this.use(true)),
        act('lock', t.picture.useSeed, () => {
          draft.set({ seed: picture.recipe.seed });
          back();
        }),
        act('like', t.picture.like, () => like([picture])),
        act('mask', t.picture.mask, () => (location.hash = `#/canvas/${picture.id}`)),
        finishing,
        act('export', t.gallery.export, () => (location.hash = `#/export/${picture.id}`)),
      ),
      this.card,
      this.lineage,
    );
    const star = focused && this.side.querySelector(`[data-star="${focused}"]`);
    if (star instanceof HTMLElement) star.focus();
  }

  /** @param {boolean} seed with its seed, or only its settings */
  use(seed) {
    if (this.picture) draft.use(this.picture.recipe, seed);
    location.hash = '#/';
    document.querySelector('prompt-box')?.scrollIntoView();
  }

  /** @param {'previous' | 'next'} way */
  turn(way) {
    return h(
      'button',
      {
        class: `bare turn ${way}`,
        'aria-label': t.picture[way],
        title: t.picture[way],
        onclick: () => this.go(way === 'next' ? 1 : -1),
      },
      icon(way === 'next' ? 'right' : 'left'),
    );
  }

  /** @param {number} by pictures */
  go(by) {
    const next = library.rows[library.indexOf(this.picture?.id ?? -1) + by];
    if (!next) return;
    history.replaceState(null, '', `#/picture/${next.id}`);
    this.load(next.id);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.target instanceof Element && event.target.closest('input, textarea, select, dialog')) return;
    if (this.finish.matches(':popover-open')) return;
    if (event.key === 'Escape') back();
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') this.go(event.key === 'ArrowRight' ? 1 : -1);
    else if (!this.tools?.key(event) && !(this.picture && act(event, [this.picture]))) return;
    else if (event.key === 'Delete') back();
    event.preventDefault();
  }
}

customElements.define('picture-view', PictureView);
