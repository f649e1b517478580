/** Where the page begins. */

import './components/app-shell.js';
import './components/drop-zone.js';
import './components/say-line.js';
import { catalog } from './data/catalog.js';
import { jobs } from './data/jobs.js';
import { library } from './data/library.js';
import { learnFrom } from './data/pace.js';
import { say } from './components/say-line.js';

jobs.addEventListener('picture', (event) => library.meet(/** @type {CustomEvent} */ (event).detail).catch(() => {}));
library.addEventListener('change', () => learnFrom(library.rows.slice(0, 100).filter((row) => row !== undefined)));
for (const start of [() => library.reload(), () => catalog.load(), () => jobs.start()]) {
  start().catch((error) => say(error.message));
}
