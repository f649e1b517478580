/** What helps against a refusal or a failure, as buttons: told by what the server's own words advise. */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { css, h, style } from '../dom.js';
import { t } from '../texts.js';

style(css`
  .remedies {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-top: var(--s2);
    color: var(--ink);
  }
`);

/** @typedef {{test: RegExp, remedy: (found: RegExpExecArray) => [string, () => void] | null}} Remedy */

const go = (/** @type {string} */ place) => () => (location.hash = place);

const FIELDS = /** @type {const} */ ([
  'negative',
  'rescale',
  'cache',
  'sampler',
  'schedule',
  'style',
  'steps',
  'guidance',
  'background',
  'seed',
  'megapixels',
]);

/** The shelf under Models that has it. @param {string} name */
function shelf(name) {
  const on = (/** @type {{name: string}[]} */ all) => all.some((one) => one.name === name);
  return on(catalog.cards) ? 'all' : on(catalog.listings) ? 'others' : 'small';
}

/** Takes out what the server names, where it is set. @param {string} name */
function without(name) {
  const field = FIELDS.find((one) => one === name);
  if (!field || draft.order[field] === undefined) return null;
  /** @type {[string, () => void]} */
  return [t.remedies.without(t.remedies.fields[field]), () => draft.set({ [field]: undefined })];
}

/** The first that fits is offered. @type {Remedy[]} */
const REMEDIES = [
  {
    test: /sfumato pull ([a-z0-9][a-z0-9.-]*)/,
    remedy: ([, name = '']) => [t.remedies.fetch(name), go(`#/models/${shelf(name)}/${name}`)],
  },
  {
    test: /--preset ([\w-]+) says it in words/,
    remedy: ([, name = '']) => [t.remedies.look(name), () => draft.set({ style: undefined, preset: name })],
  },
  {
    test: /takes no LoRA|LoRA '/,
    remedy: () =>
      draft.order.loras ? [t.remedies.without(t.fields.loras), () => draft.set({ loras: undefined })] : null,
  },
  {
    test: /takes no '?[a-z-]+'? pictures|reference pictures/,
    remedy: () =>
      draft.order.controls || draft.order.references
        ? [t.remedies.without(t.remedies.steering), () => draft.set({ controls: undefined, references: undefined })]
        : null,
  },
  {
    test: /(?:leave --?|cannot use |no )(negative|rescale|cache|sampler|schedule|style)\b/,
    remedy: ([, name = '']) => without(name),
  },
  { test: /^([a-z]+)\b/, remedy: ([, name = '']) => without(name) },
  { test: /choose another --model/, remedy: () => [t.remedies.models, go('#/models')] },
];

/**
 * @param {string} text what the server said
 * @param {() => void} [after] a remedy was taken
 * @returns {HTMLElement | null} null: nothing is known to help
 */
export function remedies(text, after = () => {}) {
  for (const { test, remedy } of REMEDIES) {
    const found = test.exec(text);
    const offered = found && remedy(found);
    if (!offered) continue;
    const [said, take] = offered;
    const onclick = () => {
      take();
      after();
    };
    return h('span', { class: 'remedies' }, h('button', { class: 'edged', onclick }, said));
  }
  return null;
}
