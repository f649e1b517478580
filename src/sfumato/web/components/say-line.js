/** One line at the bottom that says what has happened, to eyes and screen readers, with a way to undo it. */

import { jobs } from '../data/jobs.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';

const SHOWN = 6000; // milliseconds

style(css`
  say-line {
    position: fixed;
    inset: auto 0 var(--s5) 0;
    z-index: 40;
    display: grid;
    place-items: center;
    pointer-events: none;
    padding: 0 var(--s4);
    .said {
      pointer-events: auto;
      display: flex;
      align-items: center;
      gap: var(--s3);
      max-width: 640px;
      padding: var(--s2) var(--s2) var(--s2) var(--s4);
      border-radius: var(--round-l);
      background: var(--ink);
      color: var(--paper);
      box-shadow: var(--high);
      animation: rise var(--calm) ease-out;
    }
    .said button {
      color: inherit;
      min-height: 30px;
      font-weight: 600;
      &:hover {
        background: color-mix(in oklch, var(--paper) 18%, transparent);
      }
      &:focus-visible {
        outline-color: var(--paper);
      }
    }
    .said p {
      padding: 3px var(--s2) 3px 0;
    }
  }
  @keyframes rise {
    from {
      transform: translateY(12px);
      opacity: 0;
    }
  }
`);

class SayLine extends HTMLElement {
  timer = 0;

  connectedCallback() {
    this.setAttribute('role', 'status');
    this.heard = h('p', { class: 'unseen' });
    this.shown = h('div', {});
    fill(this, this.shown, this.heard);
    this.stop = listen([[jobs, 'done', (event) => this.hear(event.detail)]]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** What eyes see by themselves is told to ears. @param {import('../types.js').Job} job */
  hear({ pictures, recipes }) {
    if (!this.heard) return;
    fill(this.heard, t.gallery.painted(pictures.length, recipes[0]?.prompt ?? ''));
    setTimeout(() => this.heard && fill(this.heard), SHOWN);
  }

  /** @param {string} text @param {() => void} [undo] */
  say(text, undo) {
    clearTimeout(this.timer);
    const back =
      undo &&
      h(
        'button',
        {
          onclick: () => {
            this.clear();
            undo();
          },
        },
        t.gallery.undo,
      );
    const said = h('div', { class: 'said' }, h('p', {}, text), back);
    if (this.shown && (undo || this.shown.textContent !== text)) fill(this.shown, said); // ears hear it once
    this.timer = setTimeout(() => this.clear(), SHOWN + text.length * 30);
  }

  clear() {
    if (this.shown) fill(this.shown);
  }
}

customElements.define('say-line', SayLine);

/** @param {string} text @param {() => void} [undo] */
export function say(text, undo) {
  const line = document.querySelector('say-line');
  if (line instanceof SayLine) line.say(text, undo);
}
