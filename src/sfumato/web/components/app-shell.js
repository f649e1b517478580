/** The frame: the bar with the places, the page that the address names, and the keys that work everywhere. */

import { language, languages, speak } from '../data/language.js';
import { kept, keep } from '../data/store.js';
import { css, fill, h, listen, opens, style } from '../dom.js';
import { icon } from '../icons.js';
import { route } from '../routes.js';
import { t } from '../texts.js';

const PLACES = /** @type {const} */ ([
  ['', 'paint', t.nav.studio],
  ['grids', 'grid', t.nav.grids],
  ['queue', 'queue', t.nav.queue],
  ['models', 'models', t.nav.models],
]);

style(css`
  app-shell {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    max-width: 1760px;
    margin: 0 auto;
    padding: 0 var(--s5) var(--s6);
    > header {
      display: flex;
      align-items: center;
      gap: var(--s4);
      min-height: 64px;
    }
    > header > .name {
      font: italic 400 1.5rem/1 var(--serif);
      letter-spacing: -0.01em;
      text-decoration: none;
      color: transparent;
      background: linear-gradient(100deg, var(--ink) 55%, color-mix(in oklch, var(--ink) 22%, transparent));
      background-clip: text;
      padding: 4px 8px 6px 0;
    }
    > header > nav {
      display: flex;
      gap: 2px;
      margin-left: auto;
    }
    > header > nav a {
      display: inline-flex;
      align-items: center;
      gap: var(--s2);
      min-height: var(--touch);
      padding: 0 var(--s3);
      border-radius: 99px;
      color: var(--soft);
      text-decoration: none;
      transition: background var(--quick);
      &:hover {
        background: var(--well);
      }
      &[aria-current] {
        color: var(--ink);
        background: var(--well);
      }
    }
    > .skip {
      position: absolute;
      left: -999px;
      &:focus {
        left: var(--s3);
        top: var(--s3);
        z-index: 60;
        background: var(--sheet);
        padding: var(--s2) var(--s4);
        border-radius: 99px;
      }
    }
    @media (max-width: 700px) {
      padding: 0 var(--s3) var(--s6);
      > header {
        min-height: 56px;
        gap: 0;
      }
      > header > .keyed {
        display: none;
      }
      > header > nav {
        gap: 0;
      }
      > header > nav a {
        justify-content: center;
        width: var(--touch);
        padding: 0;
        span {
          display: none;
        }
      }
    }
    @media (max-width: 400px) {
      > header > .name {
        min-width: 0;
        padding-right: 0;
        font-size: 1.0625rem;
        overflow: hidden;
      }
    }
  }
`);

class AppShell extends HTMLElement {
  connectedCallback() {
    this.page = h('main', { id: 'page', tabindex: -1 });
    this.links = PLACES.map(([path, sign, text]) =>
      h('a', { href: `#/${path}`, title: text, 'aria-label': text }, icon(sign), h('span', {}, text)),
    );
    fill(
      this,
      h('a', { class: 'skip', href: '#pictures', onclick: (/** @type {Event} */ event) => this.skip(event) }, t.skip),
      h(
        'header',
        {},
        h('a', { class: 'name', href: '#/' }, t.name),
        h('nav', { 'aria-label': t.nav.label }, this.links),
        h(
          'button',
          { class: 'bare', 'aria-label': t.nav.theme, title: t.nav.theme, onclick: () => this.turn() },
          icon('sun'),
        ),
        this.tongues(),
        h(
          'button',
          { class: 'bare keyed', 'aria-label': t.nav.keys, title: t.nav.keys, onclick: () => this.keys() },
          icon('keys'),
        ),
      ),
      this.page,
    );
    document.documentElement.dataset['theme'] = kept('theme', '');
    this.stop = listen([
      [window, 'hashchange', () => this.show()],
      [document, 'keydown', (event) => this.key(event)],
    ]);
    this.show();
  }

  disconnectedCallback() {
    this.stop?.abort();
  }

  async show() {
    const { page, place } = await route(location.hash);
    for (const link of this.links ?? []) {
      if (link.hash === `#/${place}`) link.ariaCurrent = 'page';
      else link.removeAttribute('aria-current');
    }
    if (page) {
      this.heights.set(this.shown ?? '', scrollY);
      if (this.page) fill(this.page, page);
      this.shown = location.hash;
      scrollTo(0, this.heights.get(this.shown) ?? 0);
    }
  }

  /** How far each page was scrolled, by address. @type {Map<string, number>} */
  heights = new Map();

  /** @param {Event} event */
  skip(event) {
    event.preventDefault();
    const pictures = this.querySelector('#pictures, #page');
    if (pictures instanceof HTMLElement) pictures.focus();
  }

  turn() {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const now = document.documentElement.dataset['theme'] || (dark ? 'dark' : 'light');
    document.documentElement.dataset['theme'] = now === 'dark' ? 'light' : 'dark';
    keep('theme', document.documentElement.dataset['theme']);
  }

  /** The button with the languages behind it. */
  tongues() {
    const button = h('button', { class: 'bare', 'aria-label': t.nav.language, title: t.nav.language }, icon('tongue'));
    const choice = (/** @type {{code: string, name: string}} */ { code, name }) =>
      h('button', { lang: code, 'aria-pressed': String(code === language), onclick: () => speak(code) }, name);
    const panel = h('div', { class: 'tongues', role: 'group', 'aria-label': t.nav.language }, languages.map(choice));
    opens(button, panel);
    return [button, panel];
  }

  keys() {
    const rows = t.keys.list.map(([key, text]) =>
      h('tr', {}, h('th', { scope: 'row' }, h('kbd', {}, key)), h('td', {}, text)),
    );
    const close = h(
      'button',
      { class: 'bare push', 'aria-label': t.picture.close, onclick: () => sheet.close() },
      icon('close'),
    );
    const sheet = h(
      'dialog',
      { class: 'keys', 'aria-label': t.nav.keys, onclose: () => sheet.remove() },
      h('div', { class: 'row' }, h('h2', {}, t.keys.title), close),
      h('table', {}, rows),
    );
    this.append(sheet);
    sheet.showModal();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const typing =
      event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]');
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.key === '?') this.keys();
    else if (event.key === '/') {
      const words = this.querySelector('prompt-box textarea');
      if (!(words instanceof HTMLElement)) return;
      words.focus();
    } else return;
    event.preventDefault();
  }
}

style(css`
  app-shell .tongues:popover-open {
    display: grid;
    position-area: bottom span-left;
    padding: var(--s2);
    button {
      justify-content: start;
    }
  }
  dialog.keys {
    table {
      margin-top: var(--s3);
      border-spacing: 0 6px;
    }
    th {
      text-align: left;
      padding-right: var(--s5);
      font-weight: 400;
    }
    kbd {
      font: var(--small) var(--mono);
      padding: 2px 8px;
      border-radius: 6px;
      background: var(--well);
      white-space: nowrap;
    }
  }
`);

customElements.define('app-shell', AppShell);
