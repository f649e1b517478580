/** One model in the catalogue: what it is in a line, more of it when opened, and fetching, using or removing it. */

/** @import {Card} from '../types.js' */

import { asksFirst, catalog, needs } from '../data/catalog.js';
import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { ask } from './ask-dialog.js';
import { act, ErrandLine } from './errand-line.js';
import { choose } from './model-picker.js';
import { say } from './say-line.js';

const HUB = 'https://huggingface.co';

style(css`
  model-row {
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

export class ModelRow extends HTMLElement {
  /** What the buttons were made for. */
  said = '';

  /** Bytes. @type {{free: number, memory: number | null} | undefined} */
  machine;

  /** @param {Card} card */
  constructor(card) {
    super();
    this.card = card;
    this.acts = h('div', { class: 'acts' });
    this.more = h('dl', {});
    this.facts = h('p', { class: 'small quiet' });
  }

  connectedCallback() {
    if (this.firstChild) return;
    const { title, about, name } = this.card;
    const details = h(
      'details',
      { ontoggle: () => details.open && this.open() },
      h('summary', {}, h('span', { class: 'title' }, title), h('span', {}, about), this.facts),
      this.more,
    );
    fill(this, details, this.acts, new ErrandLine('pull', name));
  }

  /** @param {{free: number, memory: number | null}} machine bytes */
  show(machine) {
    this.machine = machine;
    const { name, licence, commercial } = this.card;
    const bytes = needs(this.card);
    const here = catalog.here.has(name);
    const used = catalog.card(draft.order.model)?.name === name;
    const facts = [
      licence === 'unknown' ? t.models.licenceUnknown : licence,
      commercial ? t.models.business : t.models.private,
    ];
    fill(this.facts, [...facts, bytes !== null && t.models.needs(bytes)].filter(Boolean).join(' · '));
    const said = `${here} ${used}`;
    if (said === this.said) return;
    this.said = said;
    const use = () => {
      choose(name);
      location.hash = '#/';
    };
    fill(
      this.acts,
      !here &&
        h(
          'button',
          { class: 'edged', 'aria-label': t.models.fetchIt(this.card.title), onclick: () => this.fetch() },
          icon('fetch', 18),
          t.models.fetch,
        ),
      here && used && h('span', { class: 'row small' }, icon('check', 18), t.models.used),
      here && !used && h('button', { class: 'edged', onclick: use }, t.models.use),
      here &&
        this.card.repository &&
        h(
          'button',
          { class: 'bare', 'aria-label': t.lora.remove(name), title: t.models.remove, onclick: () => this.drop() },
          icon('bin', 18),
        ),
    );
  }

  /** Everything that its card says. */
  open() {
    const { knows, lacks, best_for, operations, parameters, licence_note, name, repository } = this.card;
    const rows = [
      [t.models.best, knows],
      [t.models.worst, lacks],
      [t.models.for, best_for.join(', ')],
      [t.models.does, operations.join(', ')],
      [t.models.licence, licence_note],
      [
        'sfumato',
        [name, parameters && t.models.parameters(parameters), repository ?? t.models.inside]
          .filter(Boolean)
          .join(' · '),
      ],
    ];
    fill(
      this.more,
      rows.filter(([, text]) => text).flatMap(([term, text]) => [h('dt', {}, term), h('dd', {}, text)]),
    );
  }

  /** The licence is shown first where it asks for more than to be kept. */
  async fetch() {
    const { name, title, licence, licence_note, commercial, repository, gated } = this.card;
    const bytes = needs(this.card);
    const { free = 0, memory = null } = this.machine ?? {};
    const first = asksFirst(this.card);
    const sure = await ask(
      t.models.fetchIt(title),
      [
        h(
          'p',
          {},
          bytes === null ? t.models.needsUnknown : t.models.needs(bytes),
          free > 0 && `; ${t.models.free(free)}`,
        ),
        bytes !== null && free > 0 && bytes > free && h('p', { class: 'tell' }, t.models.noRoom(free)),
        bytes !== null && memory !== null && bytes > memory && h('p', { class: 'tell' }, t.models.noMemory(memory)),
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

customElements.define('model-row', ModelRow);
