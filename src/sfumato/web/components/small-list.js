/** Small models for the work around a picture, to fetch and to remove. */

/** @import {SmallWeights} from '../types.js' */

import * as client from '../data/client.js';
import { errands } from '../data/errands.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { act, ErrandLine } from './errand-line.js';
import { say } from './say-line.js';

style(css`
  small-list {
    display: grid;
    gap: var(--s3);
    grid-template-columns: minmax(0, 1fr);
    li {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: var(--s2) var(--s4);
      align-items: center;
      padding: var(--s3) var(--s4);
      border-radius: var(--round);
      background: var(--sheet);
      box-shadow: inset 0 0 0 1px var(--line);
    }
    ul {
      display: grid;
      gap: var(--s2);
      grid-template-columns: minmax(0, 1fr);
    }
    errand-line {
      grid-column: 1 / -1;
    }
  }
`);

class SmallList extends HTMLElement {
  connectedCallback() {
    this.list = h('ul', {});
    fill(this, h('p', { class: 'quiet' }, t.models.small), this.list);
    this.stop = listen([[errands, 'ended', () => this.load()]]);
    this.load();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  load() {
    const show = (/** @type {SmallWeights[]} */ found) =>
      this.list &&
      fill(
        this.list,
        found.map((one) => this.row(one)),
      );
    return client.smallWeights().then(show, (error) => say(error.message));
  }

  /** @param {SmallWeights} weights */
  row({ name, about, bytes, licence, commercial, state }) {
    const fetch = () => act(client.pull(name, false));
    const drop = () =>
      client.removeModel(name).then(
        () => this.load(),
        (error) => say(error.message),
      );
    return h(
      'li',
      {},
      h(
        'div',
        {},
        h('strong', {}, name),
        h('p', {}, about),
        h(
          'p',
          { class: 'small quiet' },
          `${t.size(bytes)} · ${licence} · ${commercial ? t.models.business : t.models.private}`,
        ),
      ),
      state === 'here'
        ? h(
            'span',
            { class: 'row quiet small' },
            icon('check', 18),
            h(
              'button',
              { class: 'bare', 'aria-label': t.lora.remove(name), title: t.models.remove, onclick: drop },
              icon('bin', 18),
            ),
          )
        : h(
            'button',
            { class: 'edged', 'aria-label': t.models.fetchIt(name), onclick: fetch },
            icon('fetch', 18),
            t.models.fetch,
          ),
      new ErrandLine('pull', name),
    );
  }
}

customElements.define('small-list', SmallList);
