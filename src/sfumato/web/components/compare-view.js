/** Two to four pictures beside each other at the same place and scale; two also under a slider. */

import { fileOf } from '../data/client.js';
import { library } from '../data/library.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { back } from '../routes.js';
import { t } from '../texts.js';
import { act } from './picture-acts.js';
import { View, ZoomPane } from './zoom-pane.js';

style(css`
  compare-view {
    position: fixed;
    inset: 0;
    z-index: 30;
    display: grid;
    grid-template-rows: auto 1fr;
    background: var(--paper);
    animation: arrive var(--quick);
    > header {
      display: flex;
      align-items: center;
      gap: var(--s2);
      padding: var(--s2) var(--s4);
    }
    .panes {
      display: grid;
      gap: 2px;
      min-height: 0;
      grid-auto-flow: column;
      grid-auto-columns: 1fr;
      background: var(--line);
    }
    .panes.four {
      grid-template-columns: 1fr 1fr;
      grid-auto-flow: row;
      grid-auto-rows: 1fr;
    }
    figure {
      margin: 0;
      position: relative;
      background: var(--well);
      min-width: 0;
      min-height: 0;
      &.at {
        z-index: 1;
        outline: 2px solid var(--accent);
        outline-offset: -2px;
      }
    }
    figure zoom-pane {
      position: absolute;
      inset: var(--s3);
    }
    figcaption {
      position: absolute;
      bottom: var(--s2);
      left: var(--s2);
      padding: 2px 10px;
      border-radius: 99px;
      background: var(--veil);
      font-size: var(--small);
      .stars {
        color: var(--star);
      }
    }
    .panes.over {
      display: block;
      position: relative;
      figure {
        position: absolute;
        inset: 0;
        background: none;
      }
      .ground {
        position: absolute;
        inset: 0;
        background: var(--well);
      }
      figcaption {
        display: none;
      }
    }
    .slide {
      position: absolute;
      inset: auto 10% var(--s4);
      width: 80%;
      z-index: 3;
    }
    @media (max-width: 700px) {
      .panes {
        grid-auto-flow: row;
        grid-auto-rows: 1fr;
      }
    }
  }
`);

class CompareView extends HTMLElement {
  view = new View();

  over = false;

  at = 0;

  connectedCallback() {
    this.setAttribute('role', 'dialog');
    this.setAttribute('aria-modal', 'true');
    this.ariaLabel = t.compare.title;
    this.tabIndex = -1;
    this.ids = (this.dataset['what'] ?? '').split(',').map(Number).slice(0, 4);
    this.panes = h('div', { class: 'panes' });
    const way = h(
      'button',
      {
        'aria-pressed': 'false',
        hidden: this.ids.length !== 2,
        onclick: () => {
          this.over = !this.over;
          way.ariaPressed = String(this.over);
          this.lay();
        },
      },
      t.compare.over,
    );
    const close = h('button', { class: 'bare push', 'aria-label': t.picture.close, onclick: back }, icon('close'));
    fill(this, h('header', {}, h('h2', {}, t.compare.title), way, close), this.panes);
    this.stop = listen([
      [document, 'keydown', (event) => this.key(event)],
      [library, 'change', () => this.label()],
    ]);
    this.lay();
    this.focus();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  lay() {
    if (!this.panes || !this.ids) return;
    this.figures = this.ids.map((id, i) => {
      const pane = new ZoomPane();
      pane.view = this.view;
      pane.image.alt = library.rows[library.indexOf(id)]?.recipe.prompt ?? '';
      pane.image.src = fileOf(id);
      return h('figure', { onpointerdown: () => this.choose(i) }, pane, h('figcaption', {}));
    });
    this.panes.classList.toggle('four', this.ids.length > 2);
    this.panes.classList.toggle('over', this.over);
    fill(this.panes, this.over && h('div', { class: 'ground' }), this.figures, this.over && this.slider());
    this.choose(this.at);
  }

  slider() {
    const slide = h('input', {
      type: 'range',
      class: 'slide',
      min: 0,
      max: 100,
      value: 50,
      'aria-label': t.compare.slider,
      oninput: () => cut(),
    });
    const cut = () => {
      const [left, right] = this.figures ?? [];
      if (left) left.style.clipPath = `inset(0 ${100 - Number(slide.value)}% 0 0)`;
      if (right) right.style.clipPath = `inset(0 0 0 ${slide.value}%)`;
    };
    cut();
    return slide;
  }

  /** @param {number} i */
  choose(i) {
    this.at = i;
    this.figures?.forEach((figure, j) => figure.classList.toggle('at', j === i && !this.over));
    this.label();
  }

  label() {
    this.figures?.forEach((figure, i) => {
      const picture = library.rows[library.indexOf(this.ids?.[i] ?? -1)];
      const caption = figure.querySelector('figcaption');
      if (picture && caption)
        fill(
          caption,
          picture.recipe.seed,
          ' ',
          h('span', { class: 'stars' }, '★'.repeat(picture.rating)),
          ...picture.tags.map((tag) => ` ${tag}`),
        );
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const sliding = event.target instanceof Element && event.target.closest('input, dialog');
    if (sliding && event.key !== 'Escape') return;
    const count = this.ids?.length ?? 1;
    const picture = library.rows[library.indexOf(this.ids?.[this.at] ?? -1)];
    const pane = this.figures?.[0]?.querySelector('zoom-pane');
    if (event.key === 'Escape') back();
    else if (event.key === 'ArrowRight') this.choose((this.at + 1) % count);
    else if (event.key === 'ArrowLeft') this.choose((this.at + count - 1) % count);
    else if (pane instanceof ZoomPane && pane.key(event)) return event.preventDefault();
    else if (!(picture && act(event, [picture]))) return;
    event.preventDefault();
  }
}

customElements.define('compare-view', CompareView);
