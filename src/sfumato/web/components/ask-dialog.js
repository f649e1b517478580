/** A question before something that cannot be taken back, or that has to be read first. */

import { css, h, style } from '../dom.js';
import { t } from '../texts.js';

/** @import {Child} from '../dom.js' */

style(css`
  dialog.ask {
    width: min(480px, calc(100vw - 24px));
    label {
      display: flex;
      align-items: center;
      gap: var(--s2);
    }
    .row {
      justify-content: end;
    }
  }
`);

/**
 * @param {string} title
 * @param {Child[]} said
 * @param {{yes: string, no?: string, accept?: string, wrong?: boolean}} how accept: what has to be ticked first
 * @returns {Promise<boolean>}
 */
export function ask(title, said, { yes, no = t.models.cancel, accept, wrong = false }) {
  return new Promise((answer) => {
    const go = h(
      'button',
      { class: wrong ? 'edged wrong' : 'main', disabled: Boolean(accept), onclick: () => close(true) },
      yes,
    );
    const box = h('input', { type: 'checkbox', onchange: () => (go.disabled = !box.checked) });
    const dialog = h(
      'dialog',
      { class: 'ask stack', 'aria-label': title, onclose: () => close(false) },
      h('h2', {}, title),
      said,
      accept && h('label', {}, box, accept),
      h('div', { class: 'row' }, h('button', { onclick: () => close(false) }, no), go),
    );
    const close = (/** @type {boolean} */ sure) => {
      dialog.remove();
      answer(sure);
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
