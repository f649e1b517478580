/**
 * What happens to all orders, as the server tells it in one stream: `state`, `picture`, `dropped`, `moved`, `log`, which are kept there
 * and told again after a break, and `step` and `preview`, which are not. The browser itself connects again.
 */

import { FEED, parse } from './client.js';

const KINDS = ['state', 'picture', 'dropped', 'moved', 'step', 'preview'];

/**
 * @param {(kind: string, data: any) => void} hear data.job: whose it is
 * @param {() => void} joined when it is connected, first and after each break
 * @returns {() => void} stops listening
 */
export function follow(hear, joined) {
  const source = new EventSource(FEED);
  source.addEventListener('open', joined);
  for (const kind of KINDS) source.addEventListener(kind, (event) => hear(kind, parse(event.data)));
  return () => source.close();
}
