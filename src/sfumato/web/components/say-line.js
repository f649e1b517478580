/** One line at the bottom that says what has happened, to eyes and screen readers, with a way to undo it. */

import { css, fill, h, style } from '../dom.js';
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
            fill(this);
            undo();
          },
        },
        t.gallery.undo,
      );
    fill(this, h('div', { class: 'said' }, h('p', {}, text), back));
    this.timer = setTimeout(() => fill(this), SHOWN + text.length * 30);
  }
}

customElements.define('say-line', SayLine);

/** @param {string} text @param {() => void} [undo] */
export function say(text, undo) {
  const line = document.querySelector('say-line');
  if (line instanceof SayLine) line.say(text, undo);
}
