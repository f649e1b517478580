/** Our own line icons, 24 x 24, drawn with the text's colour. To add one, add a path. */

const PATHS = {
  paint: 'M4 20c3 0 5-1 5-4 0-1.5-1-2.5-2.5-2.5S4 14.5 4 16c0 1.6-.8 3-2 4M9.5 13.5 19 3.5c1-1 2.6.4 1.6 1.6L11.5 15',
  grid: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  queue: 'M4 6h16M4 12h11M4 18h7M17 15l4 3-4 3z',
  models: 'M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.5 8-4.500M12 12v9',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  bolt: 'M13 3L5 13.500h6L10 21l8-10.500h-6z',
  wand: 'M5 19L15 9M14 4v3M12.5 5.500h3M19 8v3M17.5 9.500h3M18 15v2.500M16.8 16.200h2.5',
  tag: 'M4 4h8l8 8-8 8-8-8zM8.5 8.500h.01',
  board: 'M4 5h16v14H4zM4 15l4.500-4.500 4 4 3-3L20 16M15 9h.01',
  filter: 'M4 6h16M7 12h10M10 18h4',
  up: 'M12 19V6M6.500 11.500L12 6l5.500 5.500',
  down: 'M12 5v13M6.500 12.500L12 18l5.500-5.500',
  pause: 'M8.500 6v12M15.500 6v12',
  play: 'M8 5.500v13l10.500-6.500z',
  fetch: 'M12 4v11M7.500 10.500L12 15l4.500-4.500M4 19h16',
  like: 'M8 8h11v11H8zM5 15V5h10',
  plus: 'M12 5v14M5 12h14',
  tongue: 'M4 6h9M8.500 4v2M11 6c-1 4-4 7-7 8.500M6.500 9c1 2.500 3.500 4.500 6 5.500M12 20l4-10 4 10M13.500 17h5',
  teach: 'M12 5L2.500 9.500 12 14l9.500-4.500zM6 11.500V16c2 2.500 10 2.500 12 0v-4.500M21.500 9.500V15',
  keys: 'M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  unlock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1',
  more: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  history: 'M4 12a8 8 0 1 0 2.5-5.800M4 4v4h4M12 8v4.500l3 2',
  close: 'M6 6l12 12M18 6L6 18',
  star: 'M12 3.500l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.900L3.5 9.700l5.9-.8z',
  pick: 'M5 21V4h12l-2.5 4L17 12H5',
  reject: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.700l12.6 12.6',
  bin: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5',
  restore: 'M4 9h10a5 5 0 0 1 0 10H8M4 9l4-4M4 9l4 4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  export: 'M12 15V3M8 7l4-4 4 4M4 14v6h16v-6',
  mask: 'M14 4l6 6-9 9H5v-6zM12 6l6 6',
  erase: 'M8 19l-4-4 10-10 6 6-8 8zM8 19h12M9 10l6 6',
  lasso: 'M12 5c5 0 8 2 8 5s-3 5-8 5-8-2-8-5 3-5 8-5zM7 14c-2 1-2 3 0 3.500s2 2.5 0 3',
  box: 'M4 4h3M10 4h4M17 4h3v3M20 10v4M20 17v3h-3M14 20h-4M7 20H4v-3M4 14v-4M4 7V4',
  hand: 'M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3',
  invert: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  fit: 'M4 9V5h4M16 5h4v4M20 15v4h-4M8 19H4v-4M9 9.5h6v5H9z',
  undo: 'M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3',
  redo: 'M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h3',
  compare: 'M12 3v18M4 6h5v12H4M15 6h5v12h-5',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  check: 'M5 12.500l4.5 4.500L19 7.5',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500L20 20',
  again: 'M20 12a8 8 0 1 1-2.5-5.800M20 4v4h-4',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  brush: 'M20 4L9.500 14.500M9 13.500c-2.500-.5-4 1-4 3 0 1.500-.7 2.500-2 3 3.500 1 8 .5 8-3 0-1-.8-2.500-2-3z',
  extend: 'M8.5 8.500h7v7h-7zM4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4',
  scene: 'M3 19l6-9 4.5 6 2.500-3.500L21 19zM16.500 5.500a1.700 1.700 0 1 0 .01 0',
  save: 'M12 4v11M8 11l4 4 4-4M4 19h16',
  soft: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM12 1.500v.01M12 22.500v.01M1.500 12v.01M22.500 12v.01',
  minus: 'M5 12h14',
  slide: 'M12 3v18M8 9l-3 3 3 3M16 9l3 3-3 3',
  pose: 'M12 3.500a1.800 1.800 0 1 0 .01 0M12 7.500V14M6.500 9.500L12 9l5.500.5M12 14l-3.500 6.500M12 14l3.500 6.500',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  expand: 'M4 10V4h6M20 14v6h-6M4 4l6 6M20 20l-6-6',
};

/** @typedef {keyof typeof PATHS} IconName */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An icon that is not read aloud; what it stands for is told by its button's name.
 *
 * @param {IconName} name
 * @param {number} [size] pixels
 */
export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, 'svg');
  const given = {
    viewBox: '0 0 24 24',
    width: size,
    height: size,
    fill: 'none',
    stroke: 'currentColor',
    'aria-hidden': 'true',
  };
  const line = { 'stroke-width': 1.6, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
  for (const [key, value] of Object.entries({ ...given, ...line })) svg.setAttribute(key, String(value));
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/**
 * A rectangle of a ratio, to choose a shape by eye.
 *
 * @param {string} ratio as `16:9`
 * @param {number} [size] pixels of the longer side's room
 */
export function shape(ratio, size = 24) {
  const [wide, tall] = ratio.split(':').map(Number);
  const most = Math.max(wide ?? 1, tall ?? 1);
  const [width, height] = [((wide ?? 1) / most) * 20, ((tall ?? 1) / most) * 20];
  const svg = icon('box', size);
  const box = document.createElementNS(SVG, 'rect');
  const given = { x: 12 - width / 2, y: 12 - height / 2, width, height, rx: 2 };
  for (const [key, value] of Object.entries(given)) box.setAttribute(key, String(value));
  svg.replaceChildren(box);
  return svg;
}
