/** What runs, what waits and in which order, what failed and why, what ended. */

/** @import {Job} from '../types.js' */

import { jobs } from '../data/jobs.js';
import { ahead } from '../data/pace.js';
import { arrange, css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { QueueRow } from './queue-row.js';
import { say } from './say-line.js';

const MOST_ENDED = 40;

style(css`
  queue-page {
    display: grid;
    gap: var(--s5);
    max-width: 960px;
    width: 100%;
    margin: var(--s4) auto 0;
    grid-template-columns: minmax(0, 1fr);
    section {
      display: grid;
      gap: var(--s2);
      grid-template-columns: minmax(0, 1fr);
    }
    h3 {
      display: flex;
      gap: var(--s2);
      color: var(--soft);
      font-weight: 500;
    }
    ol {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--s2);
    }
    .stopped {
      padding: var(--s3) var(--s4);
      border-radius: var(--round);
      background: var(--well);
    }
    .nothing {
      padding: 7vh 0;
      text-align: center;
      color: var(--soft);
      h3 {
        justify-content: center;
        color: var(--ink);
        font: italic 400 1.75rem/1.3 var(--serif);
      }
    }
  }
`);

/** The parts of the page, in order. @type {[string, () => Job[]][]} */
const PARTS = [
  [t.queue.running, () => jobs.open.filter(({ state }) => state === 'running')],
  [t.queue.waiting, () => jobs.waiting],
  [
    t.queue.failed,
    () => jobs.ended.filter(({ state }) => state === 'failed' || state === 'expired').slice(0, MOST_ENDED),
  ],
  [
    t.queue.ended,
    () => jobs.ended.filter(({ state }) => state === 'done' || state === 'cancelled').slice(0, MOST_ENDED),
  ],
];

class QueuePage extends HTMLElement {
  /** @type {Map<string, QueueRow>} */
  rows = new Map();

  connectedCallback() {
    this.pause = h('button', { class: 'edged push', onclick: () => this.stopOrGo() });
    this.stopped = h('p', { class: 'stopped', role: 'status', hidden: true }, t.queue.allPaused);
    this.nothing = h('div', { class: 'nothing' }, h('h3', {}, t.queue.empty), h('p', {}, t.queue.emptyHint));
    this.sections = PARTS.map(([title]) => {
      const [more, list] = [h('span', { class: 'small' }), h('ol', { 'aria-label': title })];
      return { section: h('section', {}, h('h3', {}, title, more), list), more, list };
    });
    fill(
      this,
      h('div', { class: 'row' }, h('h2', {}, t.queue.title), this.pause),
      this.stopped,
      this.nothing,
      this.sections.map(({ section }) => section),
    );
    this.stop = listen([[jobs, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    if (!this.pause || !this.stopped || !this.nothing || !this.sections) return;
    const now = jobs.paused ? t.queue.resumeAll : t.queue.pauseAll;
    if (this.pause.textContent !== now) fill(this.pause, icon(jobs.paused ? 'play' : 'pause', 18), now);
    this.stopped.hidden = !jobs.paused;
    this.nothing.hidden = jobs.open.length > 0;
    PARTS.forEach(([, found], i) => {
      const [all, part] = [found(), this.sections?.[i]];
      if (!part) return;
      part.section.hidden = all.length === 0;
      arrange(
        part.list,
        all.map((job) => this.row(job)),
      );
    });
    const wait = ahead(jobs.open);
    fill(this.sections[1]?.more ?? this.nothing, wait > 5 ? t.queue.about(t.span(wait)) : null);
  }

  /** @param {Job} job */
  row(job) {
    const row = this.rows.get(job.id) ?? new QueueRow();
    this.rows.set(job.id, row);
    row.show(job);
    return row;
  }

  stopOrGo() {
    jobs.pause(!jobs.paused).catch((error) => say(error.message));
  }
}

customElements.define('queue-page', QueuePage);
