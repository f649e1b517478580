/** Grids: one picture for every combination of the values of two or three axes, all else equal. */

/** @import {Grid} from '../data/grids.js' */
/** @import {Order} from '../types.js' */

import { cells, kindOf, MOST_CELLS } from '../data/axes.js';
import { catalog } from '../data/catalog.js';
import { fileOf } from '../data/client.js';
import { draft } from '../data/draft.js';
import { earlier, isWhole, jobAt, load, run } from '../data/grids.js';
import { jobs } from '../data/jobs.js';
import { estimate } from '../data/pace.js';
import { drawn } from '../data/sheet.js';
import { keep, kept } from '../data/store.js';
import { css, fill, h, listen, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';
import { AxisField } from './axis-field.js';
import { GridTable, label } from './grid-table.js';
import { say } from './say-line.js';
import { StartField } from './start-field.js';

const USUAL = {
  across: { name: 'steps', text: '4, 8, 16' },
  down: { name: 'guidance', text: '1, 3, 6' },
  sheets: { name: 'none', text: '' },
};

style(css`
  grids-page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s5);
    margin-top: var(--s4);
    form {
      display: grid;
      grid-template-columns: repeat(3, minmax(0, 1fr));
      gap: var(--s3);
      max-width: 1080px;
    }
    .wide {
      grid-column: 1 / -1;
    }
    .number {
      font-size: var(--large);
      font-weight: 550;
      &.quiet {
        font-size: var(--body);
        font-weight: 400;
      }
    }
    .above {
      max-width: 1080px;
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--s2);
    }
    .above select {
      width: auto;
      max-width: 100%;
    }
    @media (max-width: 800px) {
      form {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  }
`);

class GridsPage extends HTMLElement {
  /** @type {Grid | null} */
  grid = earlier()[0] ?? null;

  connectedCallback() {
    const was = { ...USUAL, ...kept('axes', {}) };
    this.prompt = h('input', {
      type: 'text',
      value: draft.order.prompt,
      placeholder: t.prompt.hint,
      oninput: () => this.count(),
    });
    this.fields = /** @type {const} */ (['across', 'down', 'sheets']).map((side) => new AxisField(side, was[side]));
    this.begin = new StartField();
    this.number = h('p', { class: 'number', role: 'status' });
    this.go = h('button', { class: 'main' }, t.grids.run);
    this.form = h(
      'form',
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.run();
        },
      },
      h('label', { class: 'wide stack' }, t.prompt.label, this.prompt),
      this.fields,
      h('div', { class: 'wide row' }, this.go, this.number, h('span', { class: 'push' }, this.begin)),
    );
    this.table = new GridTable();
    this.above = h('div', { class: 'above' });
    fill(
      this,
      h('div', {}, h('h2', {}, t.grids.title), h('p', { class: 'quiet' }, t.grids.about)),
      this.form,
      this.above,
      this.table,
    );
    this.stop = listen([
      [jobs, 'change', () => this.tell()],
      [catalog, 'change', () => this.fields?.forEach((field) => field.show())],
      [this.begin, 'change', () => this.count()],
      ...this.fields.map(
        (field) => /** @type {[EventTarget, string, () => void]} */ ([field, 'change', () => this.count()]),
      ),
    ]);
    for (const field of this.fields) field.take(draft.order);
    this.count();
    if (this.grid) this.show(this.grid);
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  get axes() {
    return (this.fields ?? []).map(({ axis }) => axis);
  }

  /** What the cells have in common. @returns {Order} */
  get base() {
    const start = this.begin?.picture;
    const { width: _, height: __, aspect_ratio: ___, megapixels: ____, background: _____, ...rest } = draft.order;
    const order = start === undefined ? draft.order : { ...rest, operation: 'image-to-image', start };
    return { ...order, prompt: this.prompt?.value.trim() ?? '' };
  }

  /** How many there would be, and how long that takes. */
  count() {
    if (!this.number || !this.go) return;
    keep('axes', Object.fromEntries((this.fields ?? []).map((field) => [field.side, field.said])));
    const { axes, base } = this;
    const n = axes.reduce((product, { values }) => product * values.length, 1);
    const seconds = n <= MOST_CELLS ? cells(base, axes).reduce((sum, order) => sum + estimate(order), 0) : 0;
    const missing = this.missing(n);
    fill(this.number, missing || (seconds ? t.prompt.estimate(n, seconds) : t.grids.count(n)));
    this.number.classList.toggle('quiet', Boolean(missing));
    this.go.disabled = Boolean(missing);
  }

  /** Why it cannot be painted; empty where it can. @param {number} n cells */
  missing(n) {
    const { axes } = this;
    if (!this.prompt?.value.trim()) return t.prompt.empty;
    if (n === 0) return t.grids.none;
    if (n > MOST_CELLS) return t.grids.many(n, MOST_CELLS);
    const names = axes.map(({ name }) => name).filter((name) => name !== 'none');
    if (new Set(names).size < names.length) return t.grids.twice;
    if (axes.some(({ name, of }) => kindOf(name).of && !of)) return t.fields.noLoras;
    const begins = axes.some(({ name }) => kindOf(name).begins);
    return begins && this.begin?.picture === undefined ? t.grids.needsStart : '';
  }

  run() {
    if (!this.go?.disabled) this.order(this.base, this.axes);
  }

  /** @param {Order} base @param {import('../data/axes.js').Axis[]} axes */
  async order(base, axes) {
    if (this.go) this.go.disabled = true;
    try {
      await run(base, axes, (grid) => this.show(grid));
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
    this.count();
    this.head();
  }

  /** @param {Grid} grid */
  show(grid) {
    const another = this.grid !== grid;
    this.grid = grid;
    this.table?.take(grid);
    this.tell();
    if (!another || !this.above?.children.length) this.head();
    if (grid.jobs.length) load(grid, () => this.table?.show()).then(() => this.tell());
  }

  /** Above the table: earlier grids, and what can be done with this one. */
  head() {
    const { grid } = this;
    if (!grid || !this.above) return;
    const all = earlier();
    const options = all.map(({ base, axes, at }) => {
      const names = axes.filter(({ name }) => name !== 'none').map(({ name }) => t.grids.axes[name]);
      return h('option', { value: at }, `${base.prompt} · ${names.join(' × ')} · ${new Date(at).toLocaleString()}`);
    });
    const pick = h(
      'select',
      { 'aria-label': t.grids.earlier, onchange: () => this.look(all.find(({ at }) => at === Number(pick.value))) },
      options,
    );
    pick.value = String(grid.at);
    const { seed: _, ...base } = grid.base;
    const again = () => this.order(grid.axes.some(({ name }) => name === 'seed') ? grid.base : base, grid.axes);
    this.keepIt = h(
      'button',
      { class: 'edged', disabled: !isWhole(grid), onclick: () => this.save() },
      icon('save', 18),
      t.grids.save,
    );
    fill(
      this.above,
      all.length > 1 && pick,
      h('button', { class: 'edged push', title: t.grids.againHint, onclick: again }, icon('again', 18), t.grids.again),
      this.keepIt,
    );
  }

  /** @param {Grid | undefined} grid one of the earlier ones */
  look(grid) {
    if (!grid) return;
    this.show(grid);
    this.head();
  }

  tell() {
    if (this.keepIt && this.grid) this.keepIt.disabled = !isWhole(this.grid);
  }

  /** One image with labels. */
  async save() {
    const { grid } = this;
    const [across, down, sheets] = grid?.axes ?? [];
    if (!grid || !across || !down || !sheets) return;
    const files = sheets.values.flatMap((_, s) =>
      down.values.flatMap((__, r) => across.values.map((___, c) => fileOf(jobAt(grid, s, r, c)?.pictures[0]?.id ?? 0))),
    );
    const labels = [across, down, sheets].map((axis) => axis.values.map((value) => label(axis, value)));
    const blob = await drawn(files, labels[0] ?? [], labels[1] ?? [], labels[2] ?? [], grid.base.prompt);
    const address = URL.createObjectURL(blob);
    h('a', { href: address, download: 'sfumato-grid.png' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

customElements.define('grids-page', GridsPage);
