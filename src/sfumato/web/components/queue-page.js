/** What runs, what waits, what ended and why. */

/** @import {Job, Picture} from '../types.js' */

import { jobs } from '../data/jobs.js';
import { thumbnailOf } from '../data/client.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const MOST_ENDED = 50;
const MOST_SHOWN = 6; // thumbnails of a job

style(css`
  queue-page {
    display: grid;
    gap: var(--s5);
    max-width: 960px;
    width: 100%;
    margin: var(--s4) auto 0;
    section {
      display: grid;
      gap: var(--s2);
    }
    h3 {
      color: var(--soft);
      font-weight: 500;
    }
    li {
      display: grid;
      grid-template-columns: 1fr auto;
      gap: var(--s1) var(--s4);
      align-items: center;
      padding: var(--s3) var(--s4);
      border-radius: var(--round);
      background: var(--sheet);
      box-shadow: inset 0 0 0 1px var(--line);
    }
    ol {
      display: grid;
      gap: var(--s2);
    }
    .prompt {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .thumbs {
      display: flex;
      gap: var(--s1);
      grid-column: 1 / -1;
      img {
        width: 48px;
        height: 48px;
        object-fit: contain;
        border-radius: var(--round-s);
        background: var(--well);
      }
      &:empty {
        display: none;
      }
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
    .nothing {
      padding: 7vh 0;
      text-align: center;
      color: var(--soft);
      h3 {
        color: var(--ink);
        font: italic 400 1.75rem/1.3 var(--serif);
      }
    }
  }
`);

class QueuePage extends HTMLElement {
  connectedCallback() {
    this.stop = listen([[jobs, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const focused = document.activeElement?.getAttribute('data-act');
    const { open, ended } = jobs;
    const running = open.filter(({ state }) => state === 'running');
    const waiting = open.filter(({ state }) => state !== 'running');
    const part = (/** @type {string} */ title, /** @type {Job[]} */ list) =>
      list.length > 0 && h('section', {}, h('h3', {}, title), h('ol', {}, list.map(row)));
    const nothing =
      open.length === 0 && h('div', { class: 'nothing' }, h('h3', {}, t.queue.empty), h('p', {}, t.queue.emptyHint));
    fill(
      this,
      h('h2', {}, t.queue.title),
      nothing,
      part(t.queue.running, running),
      part(t.queue.waiting, waiting),
      part(t.queue.ended, ended.slice(0, MOST_ENDED)),
    );
    const again = focused && this.querySelector(`[data-act="${CSS.escape(focused)}"]`);
    if (again instanceof HTMLElement) again.focus();
  }
}

/** @param {Job} job */
function row(job) {
  const act = (/** @type {'cancel' | 'pause' | 'resume' | 'retry'} */ what) =>
    h(
      'button',
      {
        class: 'edged',
        'data-act': `${what} ${job.id}`,
        onclick: () => jobs.tell(what, job.id).catch((error) => say(error.message)),
      },
      t.queue[what],
    );
  const acts = {
    queued: ['pause', 'cancel'],
    running: ['pause', 'cancel'],
    paused: ['resume', 'cancel'],
    failed: ['retry'],
    cancelled: ['retry'],
    expired: ['retry'],
    done: [],
  };
  const thumb = (/** @type {Picture} */ { id }) =>
    h(
      'a',
      { href: `#/picture/${id}`, 'aria-label': job.recipes[0]?.prompt },
      h('img', { src: thumbnailOf(id), alt: '', loading: 'lazy' }),
    );
  const painted = job.pictures.length + (job.state === 'running' && job.steps ? job.step / job.steps : 0);
  return h(
    'li',
    {},
    h('span', { class: 'prompt' }, job.recipes[0]?.prompt),
    h(
      'span',
      { class: 'row' },
      acts[job.state].map((what) => act(/** @type {'cancel'} */ (what))),
    ),
    h(
      'span',
      { class: 'small quiet' },
      `${t.queue.states[job.state]} · ${t.queue.of(job.pictures.length, job.recipes.length)} · ${job.recipes[0]?.model} · ${new Date(job.created * 1000).toLocaleString()}`,
    ),
    job.reason && h('span', { class: 'small tell' }, job.reason),
    job.state === 'running' &&
      h('progress', { max: job.recipes.length, value: painted, 'aria-label': t.queue.running }),
    h('span', { class: 'thumbs' }, job.pictures.slice(0, MOST_SHOWN).map(thumb)),
  );
}

customElements.define('queue-page', QueuePage);
