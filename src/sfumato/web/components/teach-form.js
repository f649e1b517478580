/** Teaching a LoRA: pictures dropped or chosen, a name, what they have in common. */

import { catalog } from '../data/catalog.js';
import * as client from '../data/client.js';
import { draft } from '../data/draft.js';
import { errands } from '../data/errands.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

const FEWEST = 3;
const KINDS = new Set(['image/png', 'image/jpeg', 'image/webp']);

style(css`
  teach-form form {
    display: grid;
    gap: var(--s4);
    padding: var(--s4) var(--s5) var(--s5);
    border-radius: var(--round-l);
    background: var(--sheet);
    box-shadow: inset 0 0 0 1px var(--line);
    .drop {
      display: grid;
      justify-items: center;
      gap: var(--s2);
      padding: var(--s5);
      border: 1.5px dashed var(--edge);
      border-radius: var(--round);
      color: var(--soft);
      text-align: center;
      cursor: pointer;
      &:has(:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      &.over {
        background: var(--well);
        border-color: var(--accent);
      }
    }
    .pictures {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
      button {
        width: 64px;
        height: 64px;
        padding: 0;
        border-radius: var(--round-s);
        overflow: hidden;
        background: var(--well);
        img {
          width: 100%;
          height: 100%;
          object-fit: contain;
        }
        &:hover img {
          opacity: 0.3;
        }
      }
    }
    .fields {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr));
      gap: var(--s4);
    }
    .fields label {
      display: grid;
      gap: var(--s1);
      align-content: start;
      font-weight: 550;
      > * {
        font-weight: 400;
      }
    }
  }
`);

class TeachForm extends HTMLElement {
  /** Pictures with the addresses that show them. @type {Map<File, string>} */
  pictures = new Map();

  connectedCallback() {
    const files = h('input', {
      type: 'file',
      class: 'unseen',
      multiple: true,
      accept: [...KINDS].join(),
      onchange: () => this.add(files.files),
    });
    this.number = h('span', { 'aria-live': 'polite' }, t.lora.drop);
    this.shown = h('div', { class: 'pictures' });
    this.trouble = h('p', { class: 'tell', role: 'alert', hidden: true });
    const over = (/** @type {DragEvent} */ event, /** @type {boolean} */ on) => {
      event.preventDefault();
      drop.classList.toggle('over', on);
    };
    const drop = h(
      'label',
      {
        class: 'drop',
        'data-takes-files': true,
        ondragover: (/** @type {DragEvent} */ event) => over(event, true),
        ondragleave: (/** @type {DragEvent} */ event) => over(event, false),
        ondrop: (/** @type {DragEvent} */ event) => {
          over(event, false);
          this.add(event.dataTransfer?.files);
        },
      },
      icon('teach', 28),
      this.number,
      files,
    );
    this.fields = this.build();
    const go = h('button', { class: 'main' }, t.lora.begin);
    const form = h(
      'form',
      { onsubmit: (/** @type {Event} */ event) => this.begin(event, go) },
      h('h3', {}, t.lora.teach),
      drop,
      this.shown,
      h(
        'div',
        { class: 'fields' },
        Object.values(this.fields).map(({ label }) => label),
      ),
      this.trouble,
      h('div', { class: 'row' }, go),
    );
    fill(this, form);
  }

  disconnectedCallback() {
    for (const address of this.pictures.values()) URL.revokeObjectURL(address);
  }

  build() {
    const field = (
      /** @type {string} */ text,
      /** @type {HTMLInputElement | HTMLSelectElement} */ input,
      hint = '',
    ) => ({
      input,
      label: h('label', {}, text, input, hint && h('span', { class: 'small quiet' }, hint)),
    });
    const kinds = /** @type {const} */ (['style', 'subject']).map((kind) => h('option', { value: kind }, t.lora[kind]));
    return {
      name: field(
        t.lora.name,
        h('input', { required: true, pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}' }),
        t.lora.nameHint,
      ),
      kind: field(t.lora.kind, h('select', {}, kinds)),
      caption: field(t.lora.caption, h('input', { maxlength: 1000 }), t.lora.captionHint),
      minutes: field(
        t.lora.minutes,
        h('input', { type: 'number', min: 0.01, max: 1440, step: 'any' }),
        t.lora.minutesHint,
      ),
    };
  }

  /** @param {FileList | null | undefined} files */
  add(files) {
    const good = [...(files ?? [])].filter(({ type }) => KINDS.has(type));
    this.tell(good.length < (files?.length ?? 0) ? t.lora.kinds : '');
    for (const file of good) this.pictures.set(file, URL.createObjectURL(file));
    this.show();
  }

  show() {
    if (!this.shown || !this.number) return;
    fill(this.number, this.pictures.size ? t.lora.chosen(this.pictures.size) : t.lora.drop);
    fill(
      this.shown,
      [...this.pictures].map(([file, src]) =>
        h(
          'button',
          {
            type: 'button',
            'aria-label': t.lora.take(file.name),
            title: t.lora.take(file.name),
            onclick: () => this.leave(file),
          },
          h('img', { src, alt: '' }),
        ),
      ),
    );
  }

  /** @param {File} file */
  leave(file) {
    URL.revokeObjectURL(this.pictures.get(file) ?? '');
    this.pictures.delete(file);
    this.show();
  }

  /** @param {Event} event @param {HTMLButtonElement} go */
  async begin(event, go) {
    event.preventDefault();
    if (this.pictures.size < FEWEST) return this.tell(t.lora.few);
    const lesson = new FormData();
    for (const [name, { input }] of Object.entries(this.fields ?? {})) if (input.value) lesson.set(name, input.value);
    const model = catalog.card(draft.order.model);
    if (model?.adaptable) lesson.set('model', model.name);
    for (const file of this.pictures.keys()) lesson.append('pictures', file, file.name);
    go.disabled = true;
    try {
      await errands.after(client.teach(lesson));
      this.tell('');
    } catch (error) {
      this.tell(/** @type {Error} */ (error).message);
    } finally {
      go.disabled = false;
    }
  }

  /** @param {string} text */
  tell(text) {
    if (!this.trouble) return;
    this.trouble.hidden = !text;
    fill(this.trouble, text);
  }
}

customElements.define('teach-form', TeachForm);
