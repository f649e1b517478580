/** The prompt box: words first, then what to paint them with, each behind one button. Ctrl+Enter paints. */

import { catalog } from '../data/catalog.js';
import { draft } from '../data/draft.js';
import { jobs } from '../data/jobs.js';
import { FAST, foretells } from '../data/fields.js';
import { ahead, estimate } from '../data/pace.js';
import { css, fill, h, listen, opens, style } from '../dom.js';
import { icon, shape } from '../icons.js';
import { t } from '../texts.js';
import { remedies } from './remedies.js';
import { say } from './say-line.js';
import './count-field.js';
import './seed-lock.js';

const LONG_SECONDS = 20; // from here on, the time is told before an order

style(css`
  prompt-box {
    display: block;
    position: relative;
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
    .paint {
      display: flex;
      align-items: center;
      gap: var(--s3);
      margin-left: auto;
    }
    .time {
      position: absolute;
      inset: calc(100% + 4px) var(--s5) auto;
      text-align: right;
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
        font-size: var(--small);
        > button,
        seed-lock > button {
          padding: 0 8px;
        }
      }
    }
    @media (max-width: 400px) {
      .foot {
        gap: 0;
        padding: var(--s2);
      }
      .fast,
      seed-lock > button:not(.set) {
        min-width: var(--touch);
        span {
          position: absolute;
          clip-path: inset(50%);
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
    this.time = h('span', { class: 'time quiet small', 'aria-live': 'polite' });
    this.go = h('button', { class: 'main', title: t.prompt.keys, onclick: () => this.paint() });
    this.model = h('button', { title: t.prompt.model });
    this.ratio = h('button', { title: t.prompt.shape });
    this.look = h('button', { title: t.prompt.style });
    this.fast = h(
      'button',
      {
        class: 'fast',
        title: t.prompt.fastHint,
        onclick: () => draft.set({ cache: draft.order.cache ? undefined : FAST }),
      },
      icon('bolt', 18),
      h('span', {}, t.prompt.fast),
    );
    this.more = h('button', { title: t.prompt.settings }, icon('more', 18), t.prompt.settings);
    const past = h(
      'button',
      { class: 'bare quiet', 'aria-label': t.prompt.history, title: t.prompt.history },
      icon('history'),
    );
    this.expand = h(
      'button',
      {
        class: 'bare quiet',
        'aria-label': t.prompt.expand,
        title: t.prompt.expand,
        onclick: () => draft.set({ expand: draft.order.expand ? undefined : true }),
      },
      icon('wand'),
    );
    const [models, ratios, looks, form, history] = [
      h('model-picker'),
      h('ratio-picker'),
      h('look-picker'),
      h('field-form'),
      h('prompt-history'),
    ];
    opens(this.model, models);
    opens(this.ratio, ratios);
    opens(this.more, form);
    opens(past, history);
    opens(this.look, looks);
    fill(
      this,
      h('div', { class: 'top' }, this.words, this.expand, past),
      h('words-read'),
      h('steer-line'),
      this.trouble,
      h(
        'div',
        { class: 'foot' },
        this.model,
        this.ratio,
        this.look,
        h('count-field'),
        h('seed-lock'),
        this.fast,
        this.more,
        h('span', { class: 'paint' }, this.go),
      ),
      models,
      ratios,
      looks,
      form,
      history,
      this.time,
    );
    this.stop = listen([
      [draft, 'change', () => this.show()],
      [catalog, 'change', () => this.show()],
      [
        jobs,
        'change',
        () => this.tellTime(draft.order.n ?? 1, estimate(draft.order) * (draft.order.n ?? 1), ahead(jobs.open)),
      ],
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
    const ratio = order.aspect_ratio ?? (order.width && order.height ? `${order.width}:${order.height}` : '1:1');
    if (this.model) fill(this.model, icon('models', 18), card?.title ?? t.prompt.model);
    if (this.ratio)
      fill(
        this.ratio,
        shape(ratio, 18),
        order.aspect_ratio ?? (order.width ? `${order.width} × ${order.height}` : t.prompt.shape),
      );
    if (this.look) {
      const look = order.style ?? order.preset?.replaceAll('-', ' ');
      fill(this.look, icon('star', 18), look ?? t.prompt.anyStyle);
      this.look.classList.toggle('set', Boolean(look));
    }
    if (this.fast) {
      this.fast.hidden = Boolean(card && !foretells(card)); // most can: so nothing moves when the cards come
      this.fast.ariaPressed = String(Boolean(order.cache));
    }
    if (this.expand) this.expand.ariaPressed = String(Boolean(order.expand));
    this.ratio?.classList.toggle('set', Boolean(order.aspect_ratio || order.width));
    const n = order.n ?? 1;
    if (this.go) fill(this.go, n > 1 ? t.prompt.painting(n) : t.prompt.paint);
    this.tellTime(n, estimate(order) * n, ahead(jobs.open));
  }

  /** @param {number} n @param {number} seconds for all of them @param {number} wait seconds before the first */
  tellTime(n, seconds, wait) {
    const told = [
      seconds > LONG_SECONDS && t.prompt.estimate(n, seconds),
      wait > LONG_SECONDS && t.prompt.behind(wait),
    ].filter(Boolean);
    if (this.time && this.time.textContent !== told.join(', ')) fill(this.time, told.join(', '));
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
    fill(
      this.trouble,
      text,
      remedies(text, () => this.trouble && (this.trouble.hidden = true)),
    );
    this.trouble.hidden = false;
  }
}

customElements.define('prompt-box', PromptBox);
