/**
 * Which page an address names: `#/`, `#/queue`, `#/picture/12`. A page is loaded when it is first looked at. To add one,
 * add a line.
 *
 * A picture, a comparison and the like lie over the page before them, which stays as it is.
 */

/** @type {Record<string, {tag: string, load: () => Promise<unknown>, over?: boolean}>} */
const PAGES = {
  '': { tag: 'studio-page', load: () => import('./components/studio-page.js') },
  queue: { tag: 'queue-page', load: () => import('./components/queue-page.js') },
  models: { tag: 'models-page', load: () => import('./components/models-page.js') },
  picture: { tag: 'picture-view', load: () => import('./components/picture-view.js'), over: true },
  compare: { tag: 'compare-view', load: () => import('./components/compare-view.js'), over: true },
  canvas: { tag: 'canvas-view', load: () => import('./components/canvas-view.js'), over: true },
  export: { tag: 'export-view', load: () => import('./components/export-view.js'), over: true },
  sheet: { tag: 'sheet-view', load: () => import('./components/sheet-view.js'), over: true },
  grids: { tag: 'grids-page', load: () => import('./components/grids-page.js') },
};

/** @type {HTMLElement | null} */
let shown = null;

/** @type {HTMLElement | null} */
let over = null;

/** Where "back" leads from what lies over a page. */
let under = '#/';

/** What had the focus there, and has it again afterwards. @type {Element | null} */
let held = null;

export const back = () => (location.hash = under);

/**
 * @param {string} hash the address behind #
 * @returns {Promise<{page: HTMLElement | null, place: string}>} page: what to show instead of the last one; null: nothing new
 */
export async function route(hash) {
  const [, name = '', what = ''] = /^#\/([a-z]*)\/?(.*)$/.exec(hash) ?? [];
  const found = PAGES[name] ?? PAGES[''];
  if (!found) throw new Error('no first page');
  if (!over) held = document.activeElement;
  await found.load();
  if (over) leave(Boolean(found.over));
  if (!found.over) under = hash || '#/';
  if (found.over) {
    over = document.createElement(found.tag);
    over.dataset['what'] = decodeURIComponent(what);
    document.body.append(over);
    if (shown) return { page: null, place: '' };
    await PAGES['']?.load();
    shown = document.createElement('studio-page');
    return { page: shown, place: '' };
  }
  if (shown?.localName === found.tag) {
    shown.dataset['what'] = decodeURIComponent(what);
    shown.dispatchEvent(new Event('what'));
    return { page: null, place: name };
  }
  shown = document.createElement(found.tag);
  shown.dataset['what'] = decodeURIComponent(what);
  return { page: shown, place: name };
}

/** Takes away what lies over the page. @param {boolean} onward to something else that lies there */
function leave(onward) {
  over?.remove();
  over = null;
  if (!onward && held instanceof HTMLElement) held.focus({ preventScroll: true });
}
