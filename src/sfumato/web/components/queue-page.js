/** What runs, what waits, what ended and why. */

/** @import {Job, Picture} from '../types.js' */

import { jobs } from '../data/jobs.js';
import { thumbnailOf } from '../data/client.js';
import { arrange, css, fill, h, listen, style } from '../dom.js';
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
  /** @type {Map<string, {said: string, row: HTMLElement}>} by job, with what its row says */
  rows = new Map();

  connectedCallback() {
    this.nothing = h('div', { class: 'nothing' }, h('h3', {}, t.queue.empty), h('p', {}, t.queue.emptyHint));
    this.lists = [h('ol', {}), h('ol', {}), h('ol', {})];
    const titles = [t.queue.running, t.queue.waiting, t.queue.ended];
    const sections = this.lists.map((list, i) => h('section', {}, h('h3', {}, titles[i]), list));
    fill(this, h('h2', {}, t.queue.title), this.nothing, sections);
    this.stop = listen([[jobs, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const { open, ended } = jobs;
    const running = open.filter(({ state }) => state === 'running');
    const waiting = open.filter(({ state }) => state !== 'running');
    if (this.nothing) this.nothing.hidden = open.length > 0;
    [running, waiting, ended.slice(0, MOST_ENDED)].forEach((list, i) => {
      const ol = this.lists?.[i];
      if (!ol?.parentElement) return;
      ol.parentElement.hidden = list.length === 0;
      arrange(
        ol,
        list.map((job) => this.row(job)),
      );
    });
  }

  /** A row is made anew only when it says something else. @param {Job} job */
  row(job) {
    const said = [job.state, job.pictures.length, job.reason].join(' ');
    const known = this.rows.get(job.id);
    const made = known?.said === said ? known : { said, row: row(job) };
    this.rows.set(job.id, made);
    const progress = made.row.querySelector('progress');
    if (progress) progress.value = job.pictures.length + job.step / Math.max(1, job.steps);
    return made.row;
  }
}

/** @param {Job} job */
function row(job) {
  const act = (/** @type {'cancel' | 'pause' | 'resume' | 'retry'} */ what) =>
    h(
      'button',
      {
        class: 'edged',
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
    job.state === 'running' && h('progress', { max: job.recipes.length, value: 0, 'aria-label': t.queue.running }),
    h('span', { class: 'thumbs' }, job.pictures.slice(0, MOST_SHOWN).map(thumb)),
  );
}

customElements.define('queue-page', QueuePage);
