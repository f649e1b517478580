/** What is being painted, as it clears out of the noise; and what failed, with why and what to do. */

/** @import {Job} from '../types.js' */

import { jobs } from '../data/jobs.js';
import { arrange, css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { remedies } from './remedies.js';
import { say } from './say-line.js';

const MOST_TILES = 12; // at once; the others are told as a number

style(css`
  live-strip {
    display: grid;
    gap: var(--s3);
    grid-template-columns: repeat(auto-fill, minmax(min(var(--tile, 208px), 44%), 1fr));
    &:empty {
      display: none;
    }
    .live {
      position: relative;
      aspect-ratio: 1;
      border-radius: var(--round);
      overflow: hidden;
      background: var(--well);
      isolation: isolate;
    }
    .live img {
      width: 100%;
      height: 100%;
      object-fit: contain;
      transition: filter var(--calm);
      animation: arrive var(--calm);
    }
    .smoke {
      position: absolute;
      inset: -20%;
      z-index: -1;
      opacity: 0.8;
      filter: blur(18px);
      background:
        radial-gradient(40% 40% at 30% 35%, var(--lifted), transparent),
        radial-gradient(36% 42% at 70% 60%, var(--line), transparent),
        radial-gradient(30% 30% at 50% 80%, var(--lifted), transparent);
    }
    .live.on .smoke {
      animation: drift 7s ease-in-out infinite alternate;
    }
    .told {
      position: absolute;
      inset: auto 0 0 0;
      display: grid;
      gap: 5px;
      padding: var(--s5) var(--s3) var(--s3);
      font-size: var(--small);
      background: linear-gradient(transparent, var(--veil) 50%);
    }
    .live:has(img) .told p:first-child {
      display: none;
    }
    .told p {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    progress {
      width: 100%;
      height: 3px;
      border: 0;
      border-radius: 3px;
      appearance: none;
      background: var(--line);
      overflow: hidden;
    }
    progress::-webkit-progress-bar {
      background: var(--line);
    }
    progress::-webkit-progress-value {
      background: var(--ink);
      transition: width var(--quick);
    }
    progress::-moz-progress-bar {
      background: var(--ink);
    }
    .stop {
      position: absolute;
      top: var(--s2);
      right: var(--s2);
      min-height: 32px;
      width: 32px;
      background: var(--veil);
      opacity: 0;
      &:focus-visible {
        opacity: 1;
      }
    }
    .live:hover .stop,
    .live:focus-within .stop {
      opacity: 1;
    }
    @media (hover: none) {
      .stop {
        opacity: 1;
      }
    }
    .failed {
      display: grid;
      align-content: center;
      gap: var(--s2);
      padding: var(--s4);
      overflow: auto;
      p {
        overflow-wrap: anywhere;
      }
    }
    a.rest {
      display: grid;
      place-items: center;
      color: var(--soft);
      text-decoration: none;
      font-size: var(--large);
    }
  }
  @keyframes drift {
    from {
      transform: translate(-4%, -3%) scale(1);
    }
    to {
      transform: translate(5%, 4%) scale(1.15);
    }
  }
  @keyframes arrive {
    from {
      opacity: 0;
    }
  }
`);

class LiveStrip extends HTMLElement {
  /** @type {Map<string, HTMLElement>} tiles by job and number */
  tiles = new Map();

  connectedCallback() {
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', t.live.label);
    this.stop = listen([[jobs, 'change', () => this.show()]]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const wanted = new Map();
    let rest = 0;
    for (const job of jobs.open) {
      const made = new Set([...job.dropped, ...job.pictures.map(({ number }) => number)]);
      const numbers = job.recipes.map((_, number) => number).filter((number) => !made.has(number));
      const room = Math.max(0, MOST_TILES - wanted.size);
      for (const number of numbers.slice(0, room)) wanted.set(`${job.id} ${number}`, this.tile(job, number));
      rest += Math.max(0, numbers.length - room);
    }
    if (rest > 0) {
      const tile = this.tiles.get('rest') ?? h('a', { class: 'live rest', href: '#/queue' });
      fill(tile, t.live.rest(rest));
      wanted.set('rest', tile);
    }
    for (const job of jobs.failed) wanted.set(job.id, this.tiles.get(job.id) ?? failure(job));
    arrange(this, [...wanted.values()]);
    this.tiles = wanted;
  }

  /** @param {Job} job @param {number} number */
  tile(job, number) {
    const before = this.tiles.get(`${job.id} ${number}`);
    const tile = before ?? unpainted(job, number);
    const now = job.state === 'running' && job.number === number;
    tile.classList.toggle('on', now);
    const [progress, status] = [tile.querySelector('progress'), tile.querySelector('.status')];
    if (!progress || !status) return tile;
    progress.max = job.steps;
    progress.value = now ? job.step : 0;
    progress.hidden = !now;
    const left = now ? jobs.left(job) : null;
    const place = jobs.place(job) + 1;
    if (now) fill(status, t.live.step(job.step, job.steps), left !== null && ` · ${t.live.left(left)}`);
    else
      fill(
        status,
        job.state === 'paused'
          ? t.live.paused
          : job.state === 'running'
            ? t.live.of(number + 1, job.recipes.length)
            : t.live.waiting(place),
      );
    const preview = now ? jobs.sights.get(job.id)?.preview : null;
    if (preview) clear(tile, preview, job.step / job.steps);
    return tile;
  }
}

/** Shows a preview, the sharper the further it is. @param {HTMLElement} tile @param {string} source @param {number} done 0 to 1 */
function clear(tile, source, done) {
  let image = tile.querySelector('img');
  if (!image) {
    image = h('img', { alt: '' });
    tile.prepend(image);
  }
  image.src = source;
  image.style.filter = `blur(${((1 - done) * 14).toFixed(1)}px)`;
}

/** @param {Job} job @param {number} number */
function unpainted(job, number) {
  const cancel = () => jobs.drop(job.id, number).catch((error) => say(error.message));
  return h(
    'div',
    { class: 'live' },
    h('div', { class: 'smoke' }),
    h(
      'div',
      { class: 'told' },
      h('p', { dir: 'auto' }, job.recipes[number]?.prompt),
      h('p', { class: 'status quiet' }),
      h('progress', { 'aria-label': t.live.label }),
    ),
    h(
      'button',
      { class: 'bare stop', 'aria-label': t.live.cancel, title: t.live.cancel, onclick: cancel },
      icon('close', 18),
    ),
  );
}

/** @param {Job} job */
function failure(job) {
  const again = () => jobs.tell('retry', job.id).catch((error) => say(error.message));
  return h(
    'div',
    { class: 'live failed', role: 'group', 'aria-label': t.live.failed },
    h('strong', {}, job.state === 'expired' ? t.live.expired : t.live.failed),
    h('p', { class: 'small quiet', dir: 'auto' }, job.recipes[0]?.prompt),
    h('p', { class: 'small tell' }, job.reason),
    job.reason && remedies(job.reason),
    h(
      'div',
      { class: 'row' },
      h('button', { class: 'edged', onclick: again }, t.live.again),
      h('button', { class: 'edged', onclick: () => jobs.putAway(job.id) }, t.live.dismiss),
    ),
  );
}

customElements.define('live-strip', LiveStrip);
