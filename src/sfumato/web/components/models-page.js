/** What there is to paint with: models, what is not painted with by itself, LoRA, small helpers; `#/models`, `#/models/others`. */

import { catalog } from '../data/catalog.js';
import { errands } from '../data/errands.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import { say } from './say-line.js';
import './listing-list.js';
import './lora-shelf.js';
import './model-list.js';
import './small-list.js';

style(css`
  models-page {
    display: grid;
    gap: var(--s4);
    grid-template-columns: minmax(0, 1fr);
    max-width: 1000px;
    width: 100%;
    margin: var(--s4) auto 0;
    nav.push {
      display: flex;
      flex-wrap: wrap;
      gap: 2px;
      @media (max-width: 560px) {
        margin-inline: calc(-1 * var(--s3)); /* the words stand below the title */
      }
      a {
        display: inline-flex;
        align-items: center;
        min-height: var(--touch);
        padding: 0 var(--s3);
        border-radius: 99px;
        color: var(--soft);
        text-decoration: none;
        &:hover {
          background: var(--well);
        }
        &[aria-current] {
          color: var(--ink);
          background: var(--well);
        }
      }
    }
  }
`);

/** @type {Record<keyof typeof t.models.parts, string>} */
const PARTS = { all: 'model-list', others: 'listing-list', lora: 'lora-shelf', small: 'small-list' };

class ModelsPage extends HTMLElement {
  connectedCallback() {
    this.links = Object.keys(PARTS).map((part) =>
      h('a', { href: `#/models/${part}` }, t.models.parts[/** @type {keyof typeof PARTS} */ (part)]),
    );
    this.shown = h('div', {});
    fill(
      this,
      h(
        'div',
        { class: 'row' },
        h('h2', {}, t.models.title),
        h('nav', { class: 'push', 'aria-label': t.models.title }, this.links),
      ),
      this.shown,
    );
    this.stop = listen([[this, 'what', () => this.show()]]);
    this.show();
    errands.load().catch((error) => say(error.message));
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const [wanted = '', name = ''] = (this.dataset['what'] ?? '').split('/');
    const part = wanted in PARTS ? /** @type {keyof typeof PARTS} */ (wanted) : 'all';
    this.links?.forEach((link) => {
      if (link.hash === `#/models/${part}`) link.ariaCurrent = 'page';
      else link.removeAttribute('aria-current');
    });
    if (this.shown && this.shown.firstElementChild?.localName !== PARTS[part])
      fill(this.shown, h(PARTS[part], { 'data-name': name }));
  }
}

/** What came is there for the prompt box at once, wherever one is by then. @param {import('../types.js').Errand} errand */
async function ended(errand) {
  const [done, failed] = errand.kind === 'teach' ? [t.lora.done, t.lora.failed] : [t.models.arrived, t.models.failed];
  if (errand.state === 'done') say(done(errand.name));
  if (errand.state === 'failed') say(failed(errand.name));
  await catalog.load();
}

errands.addEventListener('ended', (event) => ended(/** @type {CustomEvent} */ (event).detail).catch(() => {}));

customElements.define('models-page', ModelsPage);
