/** The LoRA that are here: to paint with, to remove; and below, to teach another. */

/** @import {Lora} from '../types.js' */

import { catalog } from '../data/catalog.js';
import * as client from '../data/client.js';
import { errands } from '../data/errands.js';
import { draft } from '../data/draft.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { ask } from './ask-dialog.js';
import { ErrandLine } from './errand-line.js';
import { weigh } from './lora-picker.js';
import { say } from './say-line.js';
import './teach-form.js';

style(css`
  lora-shelf {
    display: grid;
    gap: var(--s4);
    grid-template-columns: minmax(0, 1fr);
    ul {
      display: grid;
      gap: var(--s2);
      grid-template-columns: minmax(0, 1fr);
    }
    li {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: var(--s1) var(--s4);
      align-items: center;
      padding: var(--s3) var(--s4);
      border-radius: var(--round);
      background: var(--sheet);
      box-shadow: inset 0 0 0 1px var(--line);
    }
    li errand-line {
      grid-column: 1 / -1;
    }
  }
`);

class LoraShelf extends HTMLElement {
  /** What is shown, so that nothing is made anew in vain. */
  said = '';

  connectedCallback() {
    this.list = h('ul', {});
    this.none = h('p', { class: 'quiet' }, t.lora.none);
    fill(this, h('p', { class: 'quiet' }, t.lora.about), this.none, this.list, h('teach-form'));
    this.stop = listen([
      [catalog, 'change', () => this.show()],
      [errands, 'change', () => this.show()],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const known = new Set(catalog.loras.map(({ name }) => name));
    const open = (/** @type {string} */ state) => state !== 'done' && state !== 'cancelled';
    const coming = errands.all.filter(({ kind, name, state }) => kind === 'teach' && open(state) && !known.has(name));
    const said = JSON.stringify([catalog.loras, coming.map(({ name }) => name)]);
    if (said === this.said || !this.list || !this.none) return;
    this.said = said;
    this.none.hidden = catalog.loras.length + coming.length > 0;
    fill(
      this.list,
      coming.map(({ name }) => h('li', {}, h('strong', {}, t.lora.learning(name)), new ErrandLine('teach', name))),
      catalog.loras.map((lora) => this.row(lora)),
    );
  }

  /** @param {Lora} lora */
  row({ name, base, trigger, pictures, created, problem }) {
    const use = () => {
      if (base && base !== draft.order.model) draft.set({ model: base, loras: undefined });
      weigh(name, 1);
      location.hash = '#/';
    };
    const facts = [base, pictures && t.lora.learned(pictures), created].filter(Boolean).join(' · ');
    return h(
      'li',
      {},
      h(
        'div',
        {},
        h('strong', {}, name),
        trigger && h('p', {}, t.lora.says(trigger)),
        facts && h('p', { class: 'small quiet' }, facts),
        problem && h('p', { class: 'small tell' }, problem),
      ),
      h(
        'span',
        { class: 'row' },
        !problem && h('button', { class: 'edged', onclick: use }, t.lora.use),
        h(
          'button',
          {
            class: 'bare quiet',
            'aria-label': t.lora.remove(name),
            title: t.lora.remove(name),
            onclick: () => this.drop(name),
          },
          icon('bin', 18),
        ),
      ),
      new ErrandLine('teach', name),
    );
  }

  /** @param {string} name */
  async drop(name) {
    const said = [h('p', {}, t.lora.removeHint)];
    if (!(await ask(t.models.removeIt(name), said, { yes: t.models.remove, no: t.models.keep, wrong: true }))) return;
    try {
      await client.removeLora(name);
      weigh(name, null);
      await catalog.load();
      say(t.models.removed(name));
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }
}

customElements.define('lora-shelf', LoraShelf);
