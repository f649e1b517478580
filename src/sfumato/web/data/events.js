/**
 * What happens to all orders, as the server tells it in one stream: `state`, `picture`, `dropped`, `moved`, `log`, which are kept there
 * and told again after a break, and `step` and `preview`, which are not. The browser itself connects again; but not where a
 * proxy says for a server that is away that it is: then we do.
 */

import { FEED, parse } from './client.js';

const KINDS = ['state', 'picture', 'dropped', 'moved', 'step', 'preview'];

const AGAIN = 3000; // milliseconds

/**
 * @param {(kind: string, data: any) => void} hear data.job: whose it is
 * @param {() => void} joined when it is connected, first and after each break
 * @param {() => void} lost when it is not, or no longer; again with each try in vain
 */
export function follow(hear, joined, lost) {
  const source = new EventSource(FEED);
  source.addEventListener('open', joined);
  source.addEventListener('error', () => {
    lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(hear, joined, lost), AGAIN);
  });
  for (const kind of KINDS) source.addEventListener(kind, (event) => hear(kind, parse(event.data)));
}
