/** Where the page begins: the first pictures are asked for while its components are still on their way. */

import { library } from './data/library.js';

const pictures = library.reload();
pictures.catch(() => {}); // start tells of it
const { start } = await import('./start.js');
start(pictures);
