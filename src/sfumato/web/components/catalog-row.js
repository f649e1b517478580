/** One line of the catalogue: what it is, more of it when opened, and fetching, using or removing it. */

/** @import {Card, Listing, Machine} from '../types.js' */

import { asksFirst, catalog, needs } from '../data/catalog.js';
import * as client from '../data/client.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { ask } from './ask-dialog.js';
import { act, ErrandLine } from './errand-line.js';
import { say } from './say-line.js';

const HUB = 'https://huggingface.co';

style(css`
  :is(model-row, listing-row) {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: var(--s2) var(--s4);
    align-items: start;
    padding: var(--s3) var(--s4);
    border-radius: var(--round);
    background: var(--sheet);
    box-shadow: inset 0 0 0 1px var(--line);
    summary {
      cursor: pointer;
      list-style: none;
      border-radius: var(--round-s);
      &::-webkit-details-marker {
        display: none;
      }
      .title {
        display: block;
        font: italic 400 1.1875rem/1.3 var(--serif);
      }
    }
    .acts {
      display: flex;
      gap: var(--s1);
      align-items: center;
      color: var(--soft);
    }
    errand-line {
      grid-column: 1 / -1;
    }
    dl {
      display: grid;
      grid-template-columns: 8em 1fr;
      gap: var(--s1) var(--s3);
      margin: var(--s3) 0 0;
      font-size: var(--small);
      dt {
        color: var(--soft);
      }
      dd {
        margin: 0;
      }
    }
    @media (max-width: 560px) {
      grid-template-columns: minmax(0, 1fr);
      dl {
        grid-template-columns: 1fr;
      }
    }
  }
`);

/** @template {Card | Listing} One */
export class CatalogRow extends HTMLElement {
  /** What the buttons were made for. */
  said = '';

  /** @type {Machine | undefined} */
  machine;

  /** @param {One} card */
  constructor(card) {
    super();
    this.card = card;
    this.acts = h('div', { class: 'acts' });
    this.more = h('dl', {});
    this.told = h('p', { class: 'small quiet' });
  }

  connectedCallback() {
    if (this.firstChild) return;
    const { title, about, name } = this.card;
    const details = h(
      'details',
      { ontoggle: () => details.open && this.open() },
      h('summary', {}, h('span', { class: 'title' }, title), h('span', { lang: 'en' }, about), this.told),
      this.more,
    );
    fill(this, details, this.acts, new ErrandLine('pull', name));
  }

  /** @param {Machine} machine */
  show(machine) {
    this.machine = machine;
    const here = catalog.here.has(this.card.name);
    fill(this.told, this.facts().filter(Boolean).join(' · '));
    const said = this.state();
    if (said === this.said) return;
    this.said = said;
    fill(
      this.acts,
      !here &&
        h(
          'button',
          { class: 'edged', 'aria-label': t.models.fetchIt(this.card.title), onclick: () => this.fetch() },
          icon('fetch', 18),
          t.models.fetch,
        ),
      here && this.uses(),
      here &&
        this.card.repository &&
        h(
          'button',
          {
            class: 'bare',
            'aria-label': t.lora.remove(this.card.name),
            title: t.models.remove,
            onclick: () => this.drop(),
          },
          icon('bin', 18),
        ),
    );
  }

  /** What its buttons depend on. */
  state() {
    return String(catalog.here.has(this.card.name));
  }

  /** What is to be done with it, once it is here. @returns {HTMLElement | false} */
  uses() {
    return false;
  }

  /** In a line below. @returns {(string | false)[]} */
  facts() {
    const { licence, commercial } = this.card;
    const bytes = needs(this.card);
    return [
      licence === 'unknown' ? t.models.licenceUnknown : licence,
      commercial ? t.models.business : t.models.private,
      bytes !== null && this.needs(bytes),
      this.fit(),
    ];
  }

  /** How much room it takes. @param {number} bytes its weights at 16 bits a number */
  needs(bytes) {
    return t.models.needs(bytes);
  }

  /** How this machine would have it, or that it has no room; false where that is not known. */
  fit() {
    const { memory, gpu, fits } = this.machine ?? {
      memory: null,
      gpu: false,
      fits: /** @type {Record<string, string>} */ ({}),
    };
    const way = fits[this.card.name];
    if (way) return t.models.ways(way);
    return memory !== null && needs(this.card) !== null && t.models.noMemory(memory, gpu);
  }

  /** What to say before it is fetched, beside its licence. @returns {HTMLElement[]} */
  warnings() {
    return [];
  }

  /** Everything that its card says: terms, and what is said of them. @returns {[string, unknown][]} */
  terms() {
    const { knows, lacks, best_for, operations, parameters, licence_note, name, repository } = this.card;
    return [
      [t.models.best, knows],
      [t.models.worst, lacks],
      [t.models.for, best_for.map(t.models.purpose).join(', ')],
      [t.models.does, operations.join(', ')],
      [t.models.licence, licence_note],
      [
        'sfumato',
        [name, parameters && t.models.parameters(parameters), repository ?? t.models.inside]
          .filter(Boolean)
          .join(' · '),
      ],
    ];
  }

  open() {
    const said = this.terms().filter(([, text]) => text);
    fill(
      this.more,
      said.flatMap(([term, text]) => [h('dt', {}, term), h('dd', {}, /** @type {any} */ (text))]),
    );
  }

  /** The licence is shown first where it asks for more than to be kept. */
  async fetch() {
    const { name, title, licence, licence_note, commercial, repository, gated } = this.card;
    const bytes = needs(this.card);
    const free = this.machine?.free ?? 0;
    const fit = this.fit();
    const first = asksFirst(this.card);
    const sure = await ask(
      t.models.fetchIt(title),
      [
        ...this.warnings(),
        h('p', {}, bytes === null ? t.models.needsUnknown : this.needs(bytes), free > 0 && `; ${t.models.free(free)}`),
        bytes !== null && free > 0 && bytes > free && h('p', { class: 'tell' }, t.models.noRoom(free)),
        fit && h('p', { class: name in (this.machine?.fits ?? {}) ? '' : 'tell' }, fit),
        h('p', {}, h('strong', {}, licence), ` · ${commercial ? t.models.business : t.models.private}`),
        licence_note && h('p', { class: 'quiet' }, licence_note),
        gated && h('p', { class: 'quiet' }, t.models.gated),
        first &&
          h('p', {}, h('a', { href: `${HUB}/${repository}`, target: '_blank', rel: 'noreferrer' }, t.models.readIt)),
        first && h('p', { class: 'small quiet' }, t.models.licenceHint),
      ],
      { yes: t.models.fetch, ...(first && { accept: t.models.accept }) },
    );
    if (sure) act(client.pull(name, first));
  }

  async drop() {
    const { name } = this.card;
    const said = [h('p', {}, t.models.removeHint)];
    if (!(await ask(t.models.removeIt(name), said, { yes: t.models.remove, no: t.models.keep, wrong: true }))) return;
    try {
      await client.removeModel(name);
      await catalog.load();
      say(t.models.removed(name));
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }
}
