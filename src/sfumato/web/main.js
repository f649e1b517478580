/** Brings the page up: its components, and what they show. */

import './components/app-shell.js';
import './components/drop-zone.js';
import './components/studio-page.js';
import { say } from './components/say-line.js';
import { catalog } from './data/catalog.js';
import { jobs } from './data/jobs.js';
import { library } from './data/library.js';
import { learnFrom } from './data/pace.js';
import { t } from './texts.js';

/** Learns how long pictures take from those that are here. */
const watch = () => learnFrom(library.rows.slice(0, 100).filter((row) => row !== undefined));

const UNSEEN = 500; // milliseconds

const tell = (/** @type {Error} */ error) => say(error.message);

jobs.addEventListener('picture', (event) => library.meet(/** @type {CustomEvent} */ (event).detail).catch(() => {}));
jobs.addEventListener('gone', () => say(t.errors.offline));
jobs.addEventListener('back', () => say(t.errors.back));
library.addEventListener('change', watch);
await library.reload().catch(tell);
await new Promise((drawn) => {
  requestAnimationFrame(() => setTimeout(drawn)); // when the first thumbnails have been asked for
  setTimeout(drawn, UNSEEN); // nothing is drawn in a tab that is not looked at
});
rest();

function rest() {
  jobs.start();
  for (const coming of [catalog.load(), import('./components/behind.js')]) coming.catch(tell);
}
