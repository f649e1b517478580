/** What will be read of a prompt, where a look or the expanding says more than was written: what is added stands out. */

import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { css, fill, h, later, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const WAIT = 300; // milliseconds without typing

style(css`
  words-read {
    display: flex;
    align-items: start;
    gap: var(--s3);
    margin: 0 var(--s5);
    padding: var(--s2) 0;
    border-top: 1px solid var(--line);
    color: var(--soft);
    font-size: var(--small);
    ins {
      color: var(--accent);
      text-decoration: none;
    }
    p {
      flex: 1;
    }
    button {
      min-height: 26px;
      padding: 0 var(--s2);
      color: var(--ink);
    }
    @media (max-width: 560px) {
      margin-inline: var(--s4);
    }
  }
`);

class WordsRead extends HTMLElement {
  /** What was asked last, so that nothing is asked twice and late answers are left. */
  asked = '';

  connectedCallback() {
    this.hidden = true;
    this.ask = later(() => this.look(), WAIT);
    this.stop = listen([[draft, 'change', () => this.ask?.()]]);
    this.ask();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  async look() {
    const { prompt, model, preset, expand, seed, style } = draft.order;
    if (!prompt.trim() || !(preset || expand)) {
      this.asked = '';
      this.hidden = true;
      return;
    }
    const order = { prompt, model, preset, expand, seed, style, n: 1 };
    const asked = JSON.stringify(order);
    if (asked === this.asked) return;
    this.asked = asked;
    try {
      const { recipes } = await client.plan(order);
      if (asked === this.asked && recipes[0]) this.show(prompt, recipes[0].prompt, Boolean(seed) || !expand);
    } catch {
      this.hidden = true; // what is not right is told when it is ordered
    }
  }

  /** @param {string} prompt @param {string} read @param {boolean} sure whether it is what will be painted, and no example */
  show(prompt, read, sure) {
    const at = read.indexOf(prompt);
    const parts =
      at < 0
        ? [h('ins', {}, read)]
        : [h('ins', {}, read.slice(0, at)), prompt, h('ins', {}, read.slice(at + prompt.length))];
    const take = () => draft.set({ prompt: read, expand: undefined, preset: undefined });
    this.hidden = false;
    fill(
      this,
      h('p', {}, `${sure ? t.prompt.expandedSure : t.prompt.expanded}: `, ...parts),
      read !== prompt && h('button', { onclick: take }, icon('check', 16), t.prompt.takeWords),
    );
  }
}

customElements.define('words-read', WordsRead);
