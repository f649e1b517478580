/** Brings the page up: its components, and what they show. */

import './components/app-shell.js';
import './components/drop-zone.js';
import { say } from './components/say-line.js';
import { catalog } from './data/catalog.js';
import { jobs } from './data/jobs.js';
import { library } from './data/library.js';
import { learnFrom } from './data/pace.js';

/** @param {Promise<void>} pictures the first, which are being read */
export function start(pictures) {
  jobs.addEventListener('picture', (event) => library.meet(/** @type {CustomEvent} */ (event).detail).catch(() => {}));
  library.addEventListener('change', watch);
  watch();
  for (const coming of [pictures, catalog.load(), jobs.start()]) coming.catch((error) => say(error.message));
}

/** Learns how long pictures take from those that are here. */
const watch = () => learnFrom(library.rows.slice(0, 100).filter((row) => row !== undefined));
