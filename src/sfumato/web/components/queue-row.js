/** One order in the queue: what it is, how far it is, what can be done with it. A waiting one can be dragged, or moved by buttons. */

/** @import {Job, Picture} from '../types.js' */

import { thumbnailOf } from '../data/client.js';
import { jobs } from '../data/jobs.js';
import { nameOf } from '../data/naming.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { remedies } from './remedies.js';
import { say } from './say-line.js';

const MOST_SHOWN = 8; // thumbnails

style(css`
  queue-row {
    display: grid;
    grid-template: 'prompt acts' auto 'facts acts' auto / minmax(0, 1fr) auto;
    gap: 2px var(--s3);
    align-items: center;
    padding: var(--s3) var(--s4);
    border-radius: var(--round);
    background: var(--sheet);
    box-shadow: inset 0 0 0 1px var(--line);
    &[draggable='true'] {
      cursor: grab;
    }
    &.over {
      box-shadow:
        inset 0 0 0 1px var(--line),
        0 -3px 0 0 var(--accent);
    }
    .prompt {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .row {
      grid-area: acts;
      gap: 2px;
      flex-wrap: nowrap;
    }
    .prompt {
      grid-area: prompt;
    }
    .facts {
      grid-area: facts;
      overflow-wrap: anywhere;
    }
    .row .edged {
      margin-left: var(--s1);
    }
    .thumbs {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
      img {
        width: 44px;
        height: 44px;
        object-fit: contain;
        border-radius: var(--round-s);
        background: var(--well);
      }
      &:empty {
        display: none;
      }
    }
    .tell {
      grid-column: 1 / -1;
      overflow-wrap: anywhere;
    }
    progress {
      grid-column: 1 / -1;
      width: 100%;
      height: 3px;
      appearance: none;
      border: 0;
      background: var(--line);
      border-radius: 3px;
      overflow: hidden;
    }
    progress::-webkit-progress-bar {
      background: var(--line);
    }
    progress::-webkit-progress-value {
      background: var(--ink);
    }
    progress::-moz-progress-bar {
      background: var(--ink);
    }
    @media (max-width: 560px) {
      grid-template: 'prompt' auto 'facts' auto 'acts' auto / minmax(0, 1fr);
      padding: var(--s3);
      .row {
        margin-top: var(--s2);
        flex-wrap: wrap;
      }
    }
  }
`);

const ACTS = /** @type {const} */ ({
  queued: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['retry'],
  cancelled: ['retry'],
  expired: ['retry'],
  done: [],
});

const tell = (/** @type {Error} */ error) => say(error.message);

export class QueueRow extends HTMLElement {
  /** What is shown, so that it is made anew only when it says something else. */
  said = '';

  /** Its order's id. */
  job = '';

  connectedCallback() {
    this.setAttribute('role', 'listitem');
    this.stop = listen([
      [this, 'dragstart', (event) => event.dataTransfer?.setData('text/plain', this.job)],
      [this, 'dragover', (event) => this.draggable && (event.preventDefault(), this.classList.add('over'))],
      [this, 'dragleave', () => this.classList.remove('over')],
      [this, 'drop', (event) => this.dropped(event)],
    ]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** @param {Job} job */
  show(job) {
    this.job = job.id;
    const waits = job.state === 'queued' || job.state === 'paused';
    const said = [job.state, job.pictures.length, job.reason, waits && jobs.waiting.length, waits && at(job)].join(' ');
    if (said !== this.said) this.build(job, waits);
    this.said = said;
    const progress = this.querySelector('progress');
    if (progress) progress.value = job.pictures.length + job.step / Math.max(1, job.steps);
  }

  /** @param {Job} job @param {boolean} waits */
  build(job, waits) {
    const focused = this.contains(document.activeElement) ? document.activeElement?.getAttribute('data-act') : null;
    this.draggable = waits && jobs.waiting.length > 1;
    const recipe = job.recipes[0];
    const prompt = recipe ? nameOf(recipe) : '';
    const facts = [
      t.queue.states[job.state],
      t.queue.of(job.pictures.length, job.recipes.length - job.dropped.length),
      recipe?.model,
      new Date(job.created * 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }),
    ];
    fill(
      this,
      h('span', { class: 'prompt', dir: 'auto', title: prompt }, prompt),
      h(
        'span',
        { class: 'row' },
        h('span', { class: 'thumbs' }, job.pictures.slice(0, MOST_SHOWN).map(thumb)),
        this.draggable && moves(job, prompt),
        ACTS[job.state].map((what) => act(job, what)),
      ),
      h('span', { class: 'facts small quiet' }, facts.join(' · ')),
      job.reason && h('span', { class: 'small tell' }, job.reason, remedies(job.reason)),
      job.state === 'running' && h('progress', { max: job.recipes.length, 'aria-label': prompt }),
    );
    const again = focused && this.querySelector(`[data-act="${focused}"]`);
    if (again instanceof HTMLElement) again.focus();
  }

  /** What was dragged here is painted before this. @param {DragEvent} event */
  dropped(event) {
    event.preventDefault();
    event.stopPropagation();
    this.classList.remove('over');
    const id = event.dataTransfer?.getData('text/plain');
    if (id && id !== this.job && jobs.all.has(id)) jobs.move(id, this.job).catch(tell);
  }
}

/** The place among those that wait, from 0. @param {Job} job */
const at = (job) => jobs.waiting.findIndex(({ id }) => id === job.id);

/** @param {Job} job @param {string} prompt */
function moves(job, prompt) {
  const here = at(job);
  const move = async (/** @type {number} */ to) => {
    const others = jobs.waiting.filter(({ id }) => id !== job.id);
    await jobs.move(job.id, others[to]?.id ?? null);
    say(t.queue.moved(to + 1));
  };
  const button = (/** @type {'up' | 'down'} */ way, /** @type {number} */ to) =>
    h(
      'button',
      {
        class: 'bare quiet',
        'data-act': way,
        'aria-label': t.queue[way](prompt),
        title: t.queue[way](prompt),
        disabled: to < 0 || to >= jobs.waiting.length,
        onclick: () => move(to).catch(tell),
      },
      icon(way, 18),
    );
  return [button('up', here - 1), button('down', here + 1)];
}

/** @param {Job} job @param {'cancel' | 'pause' | 'resume' | 'retry'} what */
function act(job, what) {
  const onclick = () => jobs.tell(what, job.id).catch(tell);
  return h('button', { class: 'edged', 'data-act': what, onclick }, t.queue[what]);
}

/** @param {Picture} picture */
function thumb({ id, recipe }) {
  const image = h('img', { src: thumbnailOf(id), alt: '', loading: 'lazy' });
  return h('a', { href: `#/picture/${id}`, 'aria-label': nameOf(recipe) }, image);
}

customElements.define('queue-row', QueueRow);
