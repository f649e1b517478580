/** The LoRA that fit the model, each with a weight when it is taken. */

import { catalog, fitting } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { css, fill, h, style } from '../dom.js';
import { t } from '../texts.js';

style(css`
  lora-picker {
    display: grid;
    gap: var(--s2);
    .lora {
      display: grid;
      grid-template-columns: 1fr 110px 2.6em;
      align-items: center;
      gap: var(--s2);
    }
    .lora label {
      display: flex;
      align-items: center;
      gap: var(--s2);
      min-width: 0;
    }
    .lora output {
      font-variant-numeric: tabular-nums;
      text-align: right;
    }
  }
`);

class LoraPicker extends HTMLElement {
  connectedCallback() {
    const card = catalog.card(draft.order.model);
    const found = card ? fitting(card, catalog.loras) : [];
    fill(
      this,
      found.map(({ name, trigger }) => row(name, trigger)),
      h(
        'p',
        { class: 'small quiet' },
        found.length === 0 && `${t.fields.noLoras} `,
        h('a', { href: '#/models/lora' }, t.fields.teachOne),
      ),
    );
  }
}

/** The weights that are set, by name. @returns {Map<string, number>} */
function chosen() {
  const pairs = (draft.order.loras ?? []).map((said) => said.split(':'));
  return new Map(pairs.map(([name = '', weight = '1']) => [name, Number(weight)]));
}

/** @param {string} name @param {number | null} weight null: without it */
export function weigh(name, weight) {
  const now = chosen();
  if (weight === null) now.delete(name);
  else now.set(name, weight);
  draft.set({ loras: now.size ? [...now].map(([one, value]) => `${one}:${value}`) : undefined });
}

/** @param {string} name @param {string} trigger */
function row(name, trigger) {
  const weight = chosen().get(name);
  const told = h('output', {}, weight ?? '');
  const range = h('input', {
    type: 'range',
    min: 0,
    max: 2,
    step: 0.05,
    'aria-label': t.fields.weight(name),
    value: weight ?? 1,
    disabled: weight === undefined,
    oninput: () => set(Number(range.value)),
  });
  const set = (/** @type {number | null} */ value) => {
    weigh(name, value);
    range.disabled = value === null;
    fill(told, value);
  };
  const box = h('input', {
    type: 'checkbox',
    checked: weight !== undefined,
    onchange: () => set(box.checked ? Number(range.value) : null),
  });
  return h('div', { class: 'lora', title: trigger }, h('label', {}, box, h('span', {}, name)), range, told);
}

customElements.define('lora-picker', LoraPicker);
