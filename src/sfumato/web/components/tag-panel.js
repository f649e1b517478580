/** Tags for the selected pictures: those that are used already, and new ones. */

import * as client from '../data/client.js';
import { choices } from '../data/choices.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const MOST_SHOWN = 40;

style(css`
  tag-panel {
    width: 320px;
    .chips {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
    }
    .chips button {
      min-height: 32px;
      box-shadow: inset 0 0 0 1px var(--line);
    }
    form {
      display: flex;
      gap: var(--s1);
      margin-top: var(--s2);
    }
  }
`);

class TagPanel extends HTMLElement {
  connectedCallback() {
    this.stop = listen([[this, 'beforetoggle', (event) => event.newState === 'open' && this.show()]]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  async show() {
    const known = Object.keys(await client.tagsOf({}).catch(() => ({}))).slice(0, MOST_SHOWN);
    const meant = [...choices.selected.values()];
    const chip = (/** @type {string} */ tag) =>
      h(
        'button',
        {
          'aria-pressed': String(meant.length > 0 && meant.every(({ tags }) => tags.includes(tag))),
          onclick: () => this.put(tag),
        },
        tag,
      );
    const field = h('input', { 'aria-label': t.gallery.newTag, placeholder: t.gallery.newTag, maxlength: 100 });
    const add = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (field.value.trim()) this.put(field.value.trim());
    };
    fill(
      this,
      h('div', { class: 'chips', role: 'group', 'aria-label': t.gallery.tags }, known.map(chip)),
      h(
        'form',
        { onsubmit: add },
        field,
        h('button', { class: 'edged bare', 'aria-label': t.gallery.addTag }, icon('plus', 18)),
      ),
    );
    field.focus();
  }

  /** @param {string} tag */
  put(tag) {
    choices
      .tag([...choices.selected.values()], tag)
      .then(() => this.show())
      .catch((error) => say(error.message));
  }
}

customElements.define('tag-panel', TagPanel);
