/** Earlier prompts, to search and take up again. */

import { draft } from '../data/draft.js';
import { library } from '../data/library.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';

const MOST_SHOWN = 50;

style(css`
  prompt-history {
    width: 400px;
    .list {
      display: grid;
      margin-top: var(--s2);
    }
    .list button {
      justify-content: start;
      text-align: left;
      white-space: normal;
      border-radius: var(--round-s);
      padding: var(--s2);
    }
  }
`);

/** What was asked for the pictures that are known here, also at other devices. */
const painted = () => library.rows.flatMap((row) => (row ? [row.recipe.asked ?? row.recipe.prompt] : []));

class PromptHistory extends HTMLElement {
  connectedCallback() {
    this.search = h('input', {
      type: 'search',
      placeholder: t.prompt.findPrompt,
      'aria-label': t.prompt.findPrompt,
      oninput: () => this.show(),
    });
    this.list = h('div', { class: 'list' });
    fill(this, this.search, this.list);
    this.stop = listen([[this, 'beforetoggle', (event) => event.newState === 'open' && this.show()]]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const words = this.search?.value.toLowerCase() ?? '';
    const all = new Set([...draft.prompts, ...painted()]);
    const found = [...all].filter((prompt) => prompt.toLowerCase().includes(words)).slice(0, MOST_SHOWN);
    const row = (/** @type {string} */ prompt) =>
      h('button', { dir: 'auto', onclick: () => this.take(prompt) }, prompt);
    if (this.list)
      fill(this.list, found.length ? found.map(row) : h('p', { class: 'quiet small' }, t.prompt.noHistory));
  }

  /** @param {string} prompt */
  take(prompt) {
    draft.set({ prompt });
    this.hidePopover();
  }
}

customElements.define('prompt-history', PromptHistory);
