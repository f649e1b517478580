/** The prompt box: words first, then what to paint them with, each behind one button. Ctrl+Enter paints. */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { estimate, jobs } from '../data/jobs.js';
import { css, fill, h, listen, opens, style } from '../dom.js';
import { icon, shape } from '../icons.js';
import { t } from '../texts.js';
import { say } from './say-line.js';
import './field-form.js';
import './model-picker.js';
import './prompt-history.js';
import './ratio-picker.js';
import './seed-lock.js';

const MOST = 100;
const LONG_SECONDS = 20; // from here on, the time is told before an order

style(css`
  prompt-box {
    display: block;
    max-width: 880px;
    margin: 0 auto;
    border-radius: var(--round-l);
    background: var(--sheet);
    box-shadow:
      inset 0 0 0 1px var(--line),
      var(--high);
    &:focus-within {
      box-shadow:
        inset 0 0 0 1px var(--edge),
        var(--high);
    }
    .top {
      display: flex;
      align-items: start;
      padding: var(--s3) var(--s3) 0 var(--s5);
      gap: var(--s2);
    }
    .top textarea {
      border: 0;
      padding: var(--s2) 0;
      background: none;
      resize: none;
      field-sizing: content;
      min-height: 60px;
      max-height: 34vh;
      font-size: var(--large);
      line-height: 1.45;
      &:focus-visible {
        outline: none;
      }
    }
    .foot {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--s1);
      padding: var(--s2) var(--s3) var(--s3);
    }
    .foot > button,
    seed-lock > button {
      color: var(--soft);
      &:hover {
        color: var(--ink);
      }
      &.set {
        color: var(--ink);
      }
    }
    .count {
      display: inline-flex;
      align-items: center;
      button {
        color: var(--soft);
      }
      input {
        width: 3.2em;
        min-height: 30px;
        padding: 0;
        border: 0;
        text-align: center;
        appearance: textfield;
        background: none;
      }
    }
    .paint {
      display: flex;
      align-items: center;
      gap: var(--s3);
      margin-left: auto;
    }
    .styles {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: var(--s1);
      min-width: 240px;
      button {
        justify-content: start;
        border-radius: var(--round-s);
      }
    }
    .trouble {
      padding: 0 var(--s5) var(--s3);
      color: var(--wrong);
    }
    @media (max-width: 560px) {
      border-radius: var(--round);
      .paint {
        width: 100%;
        button {
          flex: 1;
          min-height: 44px;
        }
      }
      .top {
        padding-left: var(--s4);
      }
      .foot {
        gap: 2px;
        > button,
        seed-lock > button {
          padding: 0 8px;
        }
      }
    }
  }
`);

class PromptBox extends HTMLElement {
  connectedCallback() {
    this.words = h('textarea', {
      'aria-label': t.prompt.label,
      placeholder: t.prompt.hint,
      rows: 2,
      name: 'prompt',
      value: draft.order.prompt,
      spellcheck: 'true',
      oninput: () => draft.set({ prompt: this.words?.value }),
    });
    this.trouble = h('p', { class: 'trouble', role: 'alert', hidden: true });
    this.time = h('span', { class: 'quiet small', 'aria-live': 'polite' });
    this.go = h('button', { class: 'main', title: t.prompt.keys, onclick: () => this.paint() });
    this.model = h('button', { title: t.prompt.model });
    this.ratio = h('button', { title: t.prompt.shape });
    this.look = h('button', { title: t.prompt.style });
    this.more = h('button', { title: t.prompt.settings }, icon('more', 18), t.prompt.settings);
    const past = h(
      'button',
      { class: 'bare quiet', 'aria-label': t.prompt.history, title: t.prompt.history },
      icon('history'),
    );
    const [models, ratios, form, history] = [
      h('model-picker'),
      h('ratio-picker'),
      h('field-form'),
      h('prompt-history'),
    ];
    const looks = h('div', { class: 'styles', role: 'group', 'aria-label': t.prompt.style });
    opens(this.model, models);
    opens(this.ratio, ratios);
    opens(this.more, form);
    opens(past, history);
    opens(this.look, looks, () => this.listStyles(looks));
    this.number = h('input', {
      type: 'number',
      min: 1,
      max: MOST,
      'aria-label': t.prompt.count,
      onchange: () => this.count(Number(this.number?.value)),
    });
    const step = (/** @type {number} */ by) => () => this.count((draft.order.n ?? 1) + by);
    fill(
      this,
      h('div', { class: 'top' }, this.words, past),
      this.trouble,
      h(
        'div',
        { class: 'foot' },
        this.model,
        this.ratio,
        this.look,
        h(
          'span',
          { class: 'count', role: 'group', 'aria-label': t.prompt.count },
          h('button', { class: 'bare', 'aria-label': t.prompt.fewer, onclick: step(-1) }, '−'),
          this.number,
          h('button', { class: 'bare', 'aria-label': t.prompt.more, onclick: step(1) }, '+'),
        ),
        h('seed-lock'),
        this.more,
        h('span', { class: 'paint' }, this.time, this.go),
      ),
      models,
      ratios,
      looks,
      form,
      history,
    );
    this.stop = listen([
      [draft, 'change', () => this.show()],
      [catalog, 'change', () => this.show()],
      [this.words, 'keydown', (event) => this.key(event)],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  show() {
    const { order } = draft;
    const card = catalog.card(order.model);
    if (this.words && this.words.value !== order.prompt) this.words.value = order.prompt;
    if (this.number) this.number.value = String(order.n ?? 1);
    const ratio = order.aspect_ratio ?? (order.width && order.height ? `${order.width}:${order.height}` : '1:1');
    if (this.model) fill(this.model, icon('models', 18), card?.title ?? t.prompt.model);
    if (this.ratio)
      fill(
        this.ratio,
        shape(ratio, 18),
        order.aspect_ratio ?? (order.width ? `${order.width} × ${order.height}` : t.prompt.shape),
      );
    if (this.look) {
      fill(this.look, icon('star', 18), order.style ?? t.prompt.anyStyle);
      this.look.hidden = !card?.styles;
      this.look.classList.toggle('set', Boolean(order.style));
    }
    this.ratio?.classList.toggle('set', Boolean(order.aspect_ratio || order.width));
    const n = order.n ?? 1;
    if (this.go) fill(this.go, n > 1 ? t.prompt.painting(n) : t.prompt.paint);
    const seconds = estimate(order) * n;
    if (this.time) fill(this.time, seconds > LONG_SECONDS ? t.prompt.estimate(n, seconds) : null);
  }

  /** @param {HTMLElement} panel */
  listStyles(panel) {
    const names = Object.keys(catalog.card(draft.order.model)?.styles?.names ?? {});
    const choice = (/** @type {string | undefined} */ name) =>
      h(
        'button',
        {
          'aria-pressed': String(draft.order.style === name),
          onclick: () => {
            draft.set({ style: name });
            panel.hidePopover();
          },
        },
        name ?? t.prompt.noStyle,
      );
    fill(panel, [undefined, ...names].map(choice));
  }

  /** @param {number} n */
  count(n) {
    draft.set({ n: Math.min(MOST, Math.max(1, Math.round(n) || 1)) });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.paint();
    }
  }

  async paint() {
    if (!this.trouble || !this.go) return;
    this.trouble.hidden = true;
    if (!draft.order.prompt.trim()) {
      this.words?.focus();
      this.tell(t.prompt.empty);
      return;
    }
    this.go.disabled = true;
    try {
      const job = await jobs.order(draft.order);
      draft.remember();
      say([t.prompt.sent(job.recipes.length), ...job.warnings].join('. '));
    } catch (error) {
      this.tell(/** @type {Error} */ (error).message);
    } finally {
      this.go.disabled = false;
    }
  }

  /** @param {string} text */
  tell(text) {
    if (!this.trouble) return;
    fill(this.trouble, text);
    this.trouble.hidden = false;
  }
}

customElements.define('prompt-box', PromptBox);
