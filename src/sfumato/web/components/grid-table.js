/** A grid as it is painted: a table a sheet, each cell a picture as it clears, to open. */

/** @import {Grid} from '../data/grids.js' */
/** @import {Job} from '../types.js' */

import { thumbnailOf } from '../data/client.js';
import { jobAt } from '../data/grids.js';
import { jobs } from '../data/jobs.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

style(css`
  grid-table {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s5);
    .scroll {
      overflow: auto;
      padding-bottom: var(--s3);
    }
    table {
      border-spacing: var(--s2);
      margin: 0 calc(-1 * var(--s2));
    }
    caption {
      text-align: left;
      padding: 0 var(--s2) var(--s1);
      font-weight: 600;
    }
    th {
      font-weight: 500;
      color: var(--soft);
      font-size: var(--small);
      padding: 2px 6px;
      max-width: 180px;
      overflow-wrap: anywhere;
    }
    th[scope='row'] {
      text-align: right;
      position: sticky;
      left: 0;
      background: var(--paper);
    }
    td {
      width: var(--cell, 168px);
      min-width: 112px;
      height: var(--cell, 168px);
      padding: 0;
      border-radius: var(--round);
      background: var(--well);
      overflow: hidden;
      text-align: center;
      color: var(--soft);
      font-size: var(--small);
    }
    td a,
    td img {
      display: block;
      width: var(--cell, 168px);
      height: var(--cell, 168px);
      object-fit: contain;
    }
    td img {
      animation: arrive var(--calm);
    }
    td.corner {
      height: auto;
      background: none;
    }
    td.tell {
      padding: var(--s2);
      color: var(--wrong);
    }
    @media (max-width: 560px) {
      --cell: 124px;
    }
  }
`);

export class GridTable extends HTMLElement {
  /** @type {Grid | null} */
  grid = null;

  /** @type {HTMLTableCellElement[][][]} by sheet, row and column */
  cells = [];

  connectedCallback() {
    this.stop = listen([[jobs, 'change', () => this.show()]]);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  /** @param {Grid} grid */
  take(grid) {
    if (this.grid?.at !== grid.at) this.lay(grid);
    this.grid = grid;
    this.show();
  }

  /** A table a sheet, with a cell for every pair. @param {Grid} grid */
  lay(grid) {
    const [across, down, sheets] = grid.axes;
    if (!across || !down || !sheets) return;
    this.cells = sheets.values.map(() => down.values.map(() => across.values.map(() => h('td', {}))));
    const tables = sheets.values.map((sheet, s) => {
      const head = across.values.map((value) => h('th', { scope: 'col' }, label(across, value)));
      const rows = down.values.map((value, r) =>
        h('tr', {}, h('th', { scope: 'row' }, label(down, value)), this.cells[s]?.[r] ?? []),
      );
      const named = label(sheets, sheet);
      const caption = h('caption', { class: named ? '' : 'unseen' }, named || grid.base.prompt);
      return h(
        'div',
        { class: 'scroll' },
        h('table', {}, caption, h('tr', {}, h('td', { class: 'corner' }), head), rows),
      );
    });
    fill(this, tables);
  }

  show() {
    const { grid } = this;
    if (!grid) return;
    this.cells.forEach((sheet, s) => sheet.forEach((row, r) => row.forEach((td, c) => show(td, jobAt(grid, s, r, c)))));
  }
}

/** What a value is called beside the cells. @param {import('../data/axes.js').Axis} axis @param {string} value */
export function label({ name, of }, value) {
  if (name === 'none') return '';
  return name === 'words' ? value : [of ?? t.grids.axes[name], value].join(' ');
}

/** @param {HTMLElement} td @param {Job | undefined} job */
function show(td, job) {
  const [picture] = job?.pictures ?? [];
  const preview = job && !picture ? jobs.sights.get(job.id)?.preview : null;
  const said = picture ? String(picture.id) : preview ? 'preview' : (job?.reason ?? job?.state ?? '');
  if (preview && td.dataset['said'] === said) td.querySelector('img')?.setAttribute('src', preview);
  if (td.dataset['said'] === said) return;
  td.dataset['said'] = said;
  td.classList.toggle('tell', Boolean(job?.reason));
  if (picture) {
    const { prompt, seed } = picture.recipe;
    const image = h('img', { src: thumbnailOf(picture.id), alt: t.gallery.picture(prompt, seed) });
    fill(td, h('a', { href: `#/picture/${picture.id}` }, image));
  } else if (preview) fill(td, h('img', { src: preview, alt: '' }));
  else if (job?.state === 'failed' || job?.state === 'cancelled') fill(td, job.reason, retry(job));
  else fill(td, job ? t.queue.states[job.state] : '');
}

/** @param {Job} job */
function retry(job) {
  const again = () => jobs.tell('retry', job.id).catch((error) => say(error.message));
  return h(
    'button',
    { class: 'bare', 'aria-label': t.live.again, title: t.live.again, onclick: again },
    icon('again', 18),
  );
}

customElements.define('grid-table', GridTable);
