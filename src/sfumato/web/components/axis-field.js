/** One axis of a grid: what varies, and its values, written or chosen. Says `change`. */

/** @import {Axis, AxisName} from '../data/axes.js' */
/** @import {Order} from '../types.js' */

import { KINDS, kindOf, lorasFor, valuesOf } from '../data/axes.js';
import { css, fill, h, style } from '../dom.js';
import { t } from '../texts.js';

const MOST_CHIPS = 16;

style(css`
  axis-field {
    display: grid;
    gap: var(--s3);
    align-content: start;
    padding: var(--s4);
    border-radius: var(--round);
    background: var(--sheet);
    box-shadow: inset 0 0 0 1px var(--line);
    label {
      display: grid;
      gap: var(--s1);
    }
    .chips {
      display: flex;
      flex-wrap: wrap;
      gap: 2px;
      button {
        min-height: 28px;
        padding: 0 10px;
        font-size: var(--small);
      }
    }
  }
`);

export class AxisField extends HTMLElement {
  /** @param {'across' | 'down' | 'sheets'} side @param {{name: string, text: string, of?: string}} was */
  constructor(side, was) {
    super();
    this.side = side;
    this.texts = { [was.name]: was.text };
    const options = Object.keys(KINDS).map((name) =>
      h('option', { value: name }, t.grids.axes[/** @type {AxisName} */ (name)]),
    );
    this.kind = h('select', { 'aria-label': t.grids[side], onchange: () => this.show() }, options);
    this.kind.value = was.name in KINDS ? was.name : 'none';
    this.values = h('input', { type: 'text', value: was.text, oninput: () => this.tell() });
    this.lora = h('select', { 'aria-label': t.grids.lora, onchange: () => this.tell() });
    this.wanted = was.of;
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': t.grids.choices });
    this.about = h('p', { class: 'quiet small' });
  }

  connectedCallback() {
    this.show();
  }

  get name() {
    return /** @type {AxisName} */ (this.kind.value);
  }

  /** @returns {Axis} */
  get axis() {
    const { name } = this;
    if (name === 'none') return { name, values: [''] };
    const values = valuesOf(name, this.values.value);
    return kindOf(name).of ? { name, values, of: this.lora.value } : { name, values };
  }

  /** What is kept of it. */
  get said() {
    return { name: this.name, text: this.values.value, of: this.lora.value || undefined };
  }

  /** @param {Order} order that the cells have in common */
  take(order) {
    this.order = order;
    this.showChips();
  }

  show() {
    const { name } = this;
    const kind = kindOf(name);
    const loras = kind.of ? lorasFor(this.order?.model) : [];
    fill(
      this.lora,
      loras.map((lora) => h('option', { value: lora }, lora)),
    );
    if (this.wanted && loras.includes(this.wanted)) this.lora.value = this.wanted;
    fill(this.about, t.grids.hints[name]);
    fill(
      this,
      h('label', {}, t.grids[this.side], this.kind),
      kind.of &&
        (loras.length ? h('label', {}, t.grids.lora, this.lora) : h('p', { class: 'quiet small' }, t.fields.noLoras)),
      name !== 'none' && h('label', {}, t.grids.values, this.values),
      t.grids.hints[name] && this.about,
      kind.choices && this.chips,
    );
    this.showChips();
    this.tell();
  }

  /** What may be chosen, with what is. */
  showChips() {
    const { order } = this;
    const choices = (order && kindOf(this.name).choices?.(order)) ?? [];
    const chosen = new Set(this.axis.values);
    const chip = (/** @type {string} */ value) =>
      h(
        'button',
        { type: 'button', 'aria-pressed': String(chosen.has(value)), onclick: () => this.toggle(value) },
        value,
      );
    fill(this.chips, choices.slice(0, MOST_CHIPS).map(chip));
  }

  /** @param {string} value */
  toggle(value) {
    const { values } = this.axis;
    const next = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
    this.values.value = next.join(', ');
    this.tell();
  }

  tell() {
    this.showChips();
    this.dispatchEvent(new Event('change'));
  }
}

customElements.define('axis-field', AxisField);
