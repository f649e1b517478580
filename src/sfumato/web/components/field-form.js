/** The settings behind "Settings": a control for each field that the chosen model takes, and none for the others. */

/** @import {Field} from '../data/fields.js' */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { fieldsOf } from '../data/fields.js';
import { css, fill, h, listen, style } from '../dom.js';
import { t } from '../texts.js';
import './lora-picker.js';

style(css`
  field-form {
    width: 400px;
    .fields {
      display: grid;
      gap: var(--s4);
    }
    label {
      display: grid;
      gap: var(--s1);
    }
    .name {
      display: flex;
      justify-content: space-between;
      gap: var(--s2);
      font-weight: 550;
    }
    .name .value {
      font-weight: 400;
      font-variant-numeric: tabular-nums;
    }
    .grounds {
      display: flex;
      gap: var(--s1);
      flex-wrap: wrap;
      align-items: center;
    }
  }
`);

const GROUNDS = ['transparent', 'white', 'black'];

class FieldForm extends HTMLElement {
  connectedCallback() {
    this.form = h('div', { class: 'fields' });
    const usual = h('button', { class: 'edged', onclick: () => this.reset() }, t.prompt.usual);
    fill(this, h('div', { class: 'stack' }, this.form, usual));
    this.stop = listen([
      [catalog, 'change', () => this.build()],
      [draft, 'change', () => this.model !== draft.order.model && this.build()],
      [this, 'beforetoggle', (event) => event.newState === 'open' && this.build()],
    ]);
    this.build();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  build() {
    const card = catalog.card(draft.order.model);
    this.model = draft.order.model;
    if (!card || !this.form) return;
    this.fields = fieldsOf(card, catalog.partsOf(card));
    fill(
      this.form,
      this.fields.map((field) => this.row(field)),
    );
  }

  reset() {
    draft.set(Object.fromEntries((this.fields ?? []).map(({ name }) => [name, undefined])));
    this.build();
  }

  /** @param {Field} field */
  row(field) {
    const shown = h('span', { class: 'value quiet' });
    const name = h('span', { class: 'name', title: t.fields.about[field.name] }, t.fields[field.name], shown);
    const about = h('span', { class: 'quiet small' }, t.fields.about[field.name]);
    const set = (/** @type {string | number | undefined} */ value) => {
      draft.set({ [field.name]: value });
      if (field.usual !== undefined) fill(shown, value ?? t.fields.usual(field.usual));
    };
    const now = /** @type {string | number | undefined} */ (draft.order[field.name]);
    if (field.usual !== undefined) fill(shown, now ?? t.fields.usual(field.usual));
    if (field.kind === 'list')
      return h('div', { class: 'stack', role: 'group', 'aria-label': t.fields[field.name] }, name, h('lora-picker'));
    if (field.kind === 'ground')
      return h('div', { role: 'group', 'aria-label': t.fields[field.name] }, name, grounds(set));
    return h('label', {}, name, control(field, now, set), field.kind === 'text' && about);
  }
}

/**
 * @param {Field} field
 * @param {string | number | undefined} now
 * @param {(value: string | number | undefined) => void} set
 */
function control(field, now, set) {
  const name = t.fields[field.name];
  if (field.kind === 'range') {
    const given = { type: 'range', min: field.low, max: field.high, step: field.step, 'aria-label': name };
    const range = h('input', { ...given, oninput: () => set(Number(range.value)) });
    range.value = String(now ?? field.usual);
    return range;
  }
  if (field.kind === 'choice') {
    const options = ['', ...(field.choices ?? [])].map((choice) =>
      h('option', { value: choice }, choice || t.fields.usual(field.usual ?? '')),
    );
    const select = h('select', { 'aria-label': name, onchange: () => set(select.value || undefined) }, options);
    select.value = String(now ?? '');
    return select;
  }
  const text = h('input', {
    type: 'text',
    'aria-label': name,
    value: now ?? '',
    oninput: () => set(text.value || undefined),
  });
  return text;
}

/** @param {(value: string | undefined) => void} set */
function grounds(set) {
  const now = draft.order.background;
  const box = h('div', { class: 'grounds' });
  const choose = (/** @type {string | undefined} */ value) => {
    set(value);
    box.replaceWith(grounds(set));
  };
  const button = (/** @type {string} */ name) =>
    h(
      'button',
      {
        'aria-pressed': String((now ?? 'transparent') === name),
        onclick: () => choose(name === 'transparent' ? undefined : name),
      },
      name,
    );
  const colour = h('input', {
    type: 'color',
    'aria-label': t.fields.background,
    value: now?.startsWith('#') ? now : '#ffffff',
    onchange: () => choose(colour.value),
  });
  box.append(...GROUNDS.map(button), colour);
  return box;
}

customElements.define('field-form', FieldForm);
