/**
 * Elements from data. Everything given as a child becomes text or an element, never markup, so nothing that a person
 * or a picture file says can become part of the page.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element: `h('button', {class: 'main', onclick: paint}, 'Paint')`.
 *
 * A function under `on...` becomes a listener; `true` and `false` set and leave out an attribute; `value` and `checked`
 * are set as properties, for the attribute says only what they were in the beginning.
 *
 * @template {string} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {K extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[K] : HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(
    ...children
      .flat()
      .filter(isShown)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return /** @type {any} */ (element);
}

/**
 * Replaces what is in an element.
 *
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children
      .flat()
      .filter(isShown)
      .map((c) => (c instanceof Node ? c : String(c))),
  );
}

/**
 * Puts elements into an order. Those that are in their place already are not touched: they keep the focus, and a click
 * that has begun on them.
 *
 * @param {Element} element
 * @param {Element[]} wanted
 */
export function arrange(element, wanted) {
  let at = element.firstElementChild;
  for (const child of wanted) {
    if (child === at) at = at.nextElementSibling;
    else element.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextElementSibling;
    at.remove();
    at = next;
  }
}

/**
 * @param {Child} child
 * @returns {child is Node | string | number}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {any} value
 */
function set(element, name, value) {
  if (typeof value === 'function') element.addEventListener(name.slice(2), value);
  else if (name === 'value' || name === 'checked' || name === 'indeterminate') Reflect.set(element, name, value);
  else if (value === true) element.setAttribute(name, '');
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
}

/** Marks a text as CSS, for editors and the formatter. */
export const css = String.raw;

/**
 * Adds a component's styles to the page. A constructed sheet, for the page allows no inline styles.
 *
 * @param {string} css nested under the component's own name
 */
export function style(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
}

/**
 * A button that opens a panel beside itself. `opened` runs just before each opening. The panel's component may come
 * later: what was opened before is opened again.
 *
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} panel
 * @param {() => void} [opened]
 */
export function opens(button, panel, opened = () => {}) {
  panel.popover = 'auto';
  button.popoverTargetElement = panel;
  button.setAttribute('aria-haspopup', 'dialog');
  panel.addEventListener('beforetoggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === 'open') opened();
  });
  if (panel.matches(':not(:defined)')) customElements.whenDefined(panel.localName).then(() => reopen(panel));
}

/** @param {HTMLElement} panel */
function reopen(panel) {
  if (!panel.matches(':popover-open')) return;
  panel.hidePopover();
  panel.showPopover();
}

/**
 * Listens until it is stopped, which a component does when it leaves the page.
 *
 * @param {[EventTarget, string, (event: any) => void][]} listeners
 * @returns {AbortController} stops them
 */
export function listen(listeners) {
  const stop = new AbortController();
  for (const [target, name, call] of listeners) target.addEventListener(name, call, { signal: stop.signal });
  return stop;
}

/**
 * The last of many calls within a while is made.
 *
 * @template {any[]} A
 * @param {(...given: A) => void} call
 * @param {number} milliseconds
 * @returns {(...given: A) => void}
 */
export function later(call, milliseconds) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), milliseconds);
  };
}
