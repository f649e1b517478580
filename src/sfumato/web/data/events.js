/**
 * What happens to one order, as the server tells it: `state`, `picture`, `dropped`, `log`, which are kept there and told again after
 * a break, and `step` and `preview`, which are not. The browser itself connects again.
 */

import { eventsOf, parse } from './client.js';

const KINDS = ['state', 'picture', 'dropped', 'log', 'step', 'preview'];

/**
 * @param {string} job
 * @param {(kind: string, data: any) => void} hear
 * @returns {() => void} stops listening
 */
export function follow(job, hear) {
  const source = new EventSource(eventsOf(job));
  for (const kind of KINDS) source.addEventListener(kind, (event) => hear(kind, parse(event.data)));
  return () => source.close();
}
