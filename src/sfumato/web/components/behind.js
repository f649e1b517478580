/** What lies behind the buttons of the first page; it is fetched when the first pictures are here. */

import './field-form.js';
import './filter-panel.js';
import './look-picker.js';
import './model-picker.js';
import './prompt-history.js';
import './ratio-picker.js';
import './selection-bar.js';
import './steer-line.js';
import './words-read.js';
