/** Grids: one picture for every pair of values of two axes, all else equal; its cells come alive one by one. */

/** @import {AxisName} from '../data/axes.js' */
/** @import {Job} from '../types.js' */

import { cell, valuesOf } from '../data/axes.js';
import { fileOf, thumbnailOf } from '../data/client.js';
import { draft } from '../data/draft.js';
import { estimate, jobs } from '../data/jobs.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, listen, style } from '../dom.js';
import { drawn } from '../data/sheet.js';
import { t } from '../texts.js';
import { say } from './say-line.js';

const SEEDS = 2 ** 32;
const USUAL = { across: 'steps', acrossValues: '4, 8, 16', down: 'guidance', downValues: '1, 3, 6' };

/** @typedef {{prompt: string, columns: string[], rows: string[], names: [string, string], jobs: (string | null)[]}} Grid jobs: by row, then column */

style(css`
  grids-page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    margin-top: var(--s4);
    form {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr));
      gap: var(--s4);
      max-width: 960px;
    }
    .axis {
      display: grid;
      gap: var(--s2);
      align-content: start;
      label {
        display: grid;
        gap: var(--s1);
      }
    }
    .wide {
      grid-column: 1 / -1;
    }
    .scroll {
      overflow: auto;
      padding-bottom: var(--s4);
    }
    table {
      border-spacing: var(--s2);
      margin: 0 calc(-1 * var(--s2));
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
    }
    td {
      width: 160px;
      min-width: 120px;
      height: 160px;
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
      width: 160px;
      height: 160px;
      object-fit: contain;
    }
    td.corner {
      height: auto;
      background: none;
    }
    td.tell {
      padding: var(--s2);
    }
  }
`);

class GridsPage extends HTMLElement {
  /** @type {Grid | null} */
  grid = kept('grid', null);

  connectedCallback() {
    const was = { ...USUAL, ...kept('axes', {}) };
    this.prompt = h('input', {
      type: 'text',
      value: draft.order.prompt,
      'aria-label': t.prompt.label,
      placeholder: t.prompt.hint,
      oninput: () => this.count(),
    });
    this.number = h('p', { class: 'quiet', role: 'status' });
    this.go = h('button', { class: 'main', type: 'button', onclick: () => this.run() }, t.grids.run);
    this.keepIt = h(
      'button',
      { class: 'edged', type: 'button', hidden: true, onclick: () => this.save() },
      t.grids.save,
    );
    const axis = (/** @type {'across' | 'down'} */ side) => {
      const options = Object.entries(t.grids.axes).map(([value, text]) => h('option', { value }, text));
      const name = h('select', { name: side, onchange: () => this.count() }, options);
      name.value = was[side];
      const values = h('input', {
        type: 'text',
        name: `${side}Values`,
        value: was[`${side}Values`],
        oninput: () => this.count(),
      });
      return h('div', { class: 'axis' }, h('label', {}, t.grids[side], name), h('label', {}, t.grids.values, values));
    };
    this.form = h(
      'form',
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.run();
        },
      },
      h('label', { class: 'wide stack' }, t.prompt.label, this.prompt),
      axis('across'),
      axis('down'),
      h('p', { class: 'wide quiet small' }, t.grids.hint, ' ', t.grids.wordsHint),
      h('div', { class: 'wide row' }, this.go, this.number, this.keepIt),
    );
    this.table = h('div', { class: 'scroll' });
    fill(
      this,
      h('div', {}, h('h2', {}, t.grids.title), h('p', { class: 'quiet' }, t.grids.about)),
      this.form,
      this.table,
    );
    this.stop = listen([[jobs, 'change', () => this.show()]]);
    this.count();
    this.lay();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  axes() {
    const given = new FormData(this.form);
    const axis = (/** @type {string} */ side) => {
      const name = /** @type {AxisName} */ (given.get(side));
      return { name, values: name === 'none' ? [''] : valuesOf(name, String(given.get(`${side}Values`))) };
    };
    return { across: axis('across'), down: axis('down') };
  }

  count() {
    const { across, down } = this.axes();
    const cells = down.values.flatMap((row) =>
      across.values.map((column) =>
        cell(draft.order, [
          [across, column],
          [down, row],
        ]),
      ),
    );
    const [n, seconds] = [cells.length, cells.reduce((sum, order) => sum + estimate(order), 0)];
    if (this.number) fill(this.number, !n ? t.grids.none : seconds ? t.prompt.estimate(n, seconds) : t.grids.count(n));
    if (this.go) this.go.disabled = n === 0 || !this.prompt?.value.trim();
    keep('axes', Object.fromEntries(new FormData(this.form)));
  }

  /** All cells share one seed, unless it is an axis. */
  async run() {
    const { across, down } = this.axes();
    const base = {
      ...draft.order,
      prompt: this.prompt?.value ?? '',
      seed: draft.order.seed ?? String(Math.floor(Math.random() * SEEDS)),
    };
    const named = (/** @type {AxisName} */ name) => (name === 'none' ? '' : t.grids.axes[name]);
    /** @type {Grid} */
    const grid = {
      prompt: base.prompt,
      columns: across.values,
      rows: down.values,
      names: [named(across.name), named(down.name)],
      jobs: [],
    };
    this.grid = grid;
    this.lay();
    if (this.go) this.go.disabled = true;
    try {
      for (const row of down.values) {
        for (const column of across.values) {
          const job = await jobs.order(
            cell(base, [
              [across, column],
              [down, row],
            ]),
          );
          grid.jobs.push(job.id);
        }
      }
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
    keep('grid', grid);
    this.count();
    this.show();
  }

  /** The table of the grid, with a cell for every pair. */
  lay() {
    const { grid } = this;
    if (!grid || !this.table) return;
    const named = (/** @type {number} */ axis, /** @type {string} */ value) =>
      [grid.names[axis], value].join(' ').trim();
    this.cells = grid.rows.map(() => grid.columns.map(() => h('td', {})));
    const head = grid.columns.map((value) => h('th', { scope: 'col' }, named(0, value)));
    const rows = grid.rows.map((value, r) =>
      h('tr', {}, h('th', { scope: 'row' }, named(1, value)), this.cells?.[r] ?? []),
    );
    const caption = h('caption', { class: 'unseen' }, grid.prompt);
    fill(this.table, h('table', {}, caption, h('tr', {}, h('td', { class: 'corner' }), head), rows));
    this.show();
  }

  show() {
    this.cells?.forEach((row, r) => row.forEach((td, c) => show(td, this.job(r, c))));
    const { grid } = this;
    const unpainted = (/** @type {string | null} */ id) => !jobs.all.get(id ?? '')?.pictures.length;
    if (this.keepIt) this.keepIt.hidden = !grid?.jobs.length || grid.jobs.some(unpainted);
  }

  /** @param {number} row @param {number} column */
  job(row, column) {
    return jobs.all.get(this.grid?.jobs[row * (this.grid?.columns.length ?? 0) + column] ?? '');
  }

  /** One image with labels. */
  async save() {
    const { grid } = this;
    if (!grid) return;
    const label = (/** @type {number} */ axis) => (/** @type {string} */ value) =>
      [grid.names[axis], value].filter(Boolean).join(' ');
    const files = grid.rows.flatMap((_, r) =>
      grid.columns.map((__, c) => fileOf(this.job(r, c)?.pictures[0]?.id ?? 0)),
    );
    const blob = await drawn(files, grid.columns.map(label(0)), grid.rows.map(label(1)), grid.prompt);
    const address = URL.createObjectURL(blob);
    h('a', { href: address, download: 'sfumato-grid.png' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
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
  else fill(td, job?.reason ?? (job ? t.queue.states[job.state] : ''));
}

customElements.define('grids-page', GridsPage);
