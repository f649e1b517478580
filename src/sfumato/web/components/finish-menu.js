/** What can be done to a picture when it is painted: enlarged, cut out. Each is an order, and makes another picture. */

/** @import {Picture} from '../types.js' */

import * as client from '../data/client.js';
import { jobs } from '../data/jobs.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { remedies } from './remedies.js';
import { say } from './say-line.js';

const KINDS = /** @type {const} */ (['drawing', 'photo', 'plain']);
const TIMES = [2, 4];

style(css`
  finish-menu {
    width: 320px;
    .kinds {
      display: grid;
      grid-template-columns: 1fr repeat(2, auto);
      align-items: center;
      gap: var(--s2);
    }
  }
`);

export class FinishMenu extends HTMLElement {
  /** @type {Picture | undefined} */
  picture;

  trouble = h('p', { class: 'tell small', role: 'alert' });

  connectedCallback() {
    this.popover = 'auto';
    this.setAttribute('role', 'dialog');
    this.ariaLabel = t.finish.title;
    const larger = (/** @type {(typeof KINDS)[number]} */ kind) => [
      h('span', {}, t.finish.kinds[kind]),
      ...TIMES.map((times) => {
        const name = t.finish.enlarge(times, t.finish.kinds[kind]);
        return h(
          'button',
          { class: 'edged', 'aria-label': name, onclick: () => this.order(`upscale:${times}:${kind}`) },
          `× ${times}`,
        );
      }),
    ];
    fill(
      this,
      h(
        'div',
        { class: 'stack' },
        h('h3', {}, t.finish.larger),
        h('div', { class: 'kinds' }, KINDS.flatMap(larger)),
        h('button', { class: 'edged', onclick: () => this.order('cutout') }, icon('erase', 18), t.finish.cutout),
        this.trouble,
      ),
    );
    this.addEventListener('beforetoggle', () => fill(this.trouble));
  }

  /** @param {string} step as `upscale:2:plain` */
  async order(step) {
    if (!this.picture) return;
    try {
      await jobs.begin(client.finish(this.picture.id, [step]));
      this.hidePopover();
      say(t.finish.begun);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      fill(this.trouble, message, remedies(message));
    }
  }
}

customElements.define('finish-menu', FinishMenu);
