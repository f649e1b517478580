/** How far an errand is, what can be done with it, and why it failed. */

/** @import {Errand} from '../types.js' */

import * as client from '../data/client.js';
import { errands, isOpen } from '../data/errands.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

style(css`
  errand-line {
    display: grid;
    gap: var(--s1);
    font-size: var(--small);
    &:empty {
      display: none;
    }
    .row {
      justify-content: space-between;
    }
    button {
      min-height: 30px;
    }
    progress {
      width: 100%;
      height: 4px;
      appearance: none;
      border: 0;
      border-radius: 4px;
      overflow: hidden;
      background: var(--line);
    }
    progress::-webkit-progress-bar {
      background: var(--line);
    }
    progress::-webkit-progress-value {
      background: var(--accent);
      transition: width var(--calm);
    }
    progress::-moz-progress-bar {
      background: var(--accent);
    }
  }
`);

export class ErrandLine extends HTMLElement {
  /** @param {string} kind @param {string} name */
  constructor(kind, name) {
    super();
    this.kind = kind;
    this.name = name;
  }

  connectedCallback() {
    this.bar = h('progress', { 'aria-label': this.name });
    this.told = h('span', { class: 'quiet' });
    this.stop = listen([[errands, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const errand = errands.of(this.kind, this.name);
    if (!errand || errand.state === 'done' || errand.state === 'cancelled') return fill(this);
    if (!isOpen(errand)) return this.fail(errand);
    if (!this.bar?.isConnected) this.begin(errand);
    if (!this.bar || !this.told) return;
    const left = errands.left(errand);
    if (errand.of) {
      this.bar.max = errand.of;
      this.bar.value = errand.done;
    } else this.bar.removeAttribute('value');
    const far = errand.kind === 'teach' ? t.models.steps : t.models.far;
    fill(
      this.told,
      errand.state === 'waiting' ? t.models.waiting : errand.of ? far(errand.done, errand.of) : t.models.begun,
      left !== null && ` · ${t.models.left(left)}`,
      errand.kind === 'pull' && errand.what && ` · ${errand.what}`,
    );
  }

  /** @param {Errand} errand */
  begin(errand) {
    const cancel = h(
      'button',
      { class: 'edged', onclick: () => act(client.tellErrand(errand.id, 'cancel')) },
      t.models.cancel,
    );
    fill(this, h('div', { class: 'row' }, this.told, cancel), this.bar);
  }

  /** @param {Errand} errand */
  fail(errand) {
    fill(
      this,
      h('p', { class: 'tell', role: 'alert' }, errand.reason),
      h(
        'div',
        { class: 'row' },
        h('button', { class: 'edged', onclick: () => act(client.tellErrand(errand.id, 'retry')) }, t.models.again),
        h('button', { class: 'edged', onclick: () => act(client.dropErrand(errand.id)) }, t.models.putAway),
      ),
    );
  }
}

/** @param {Promise<unknown>} wish */
export const act = (wish) => errands.after(wish).catch((error) => say(error.message));

customElements.define('errand-line', ErrandLine);
