/** Enters a namespace again when the server has refused it for a time only, which a connection by itself does not. */

import { Refusal } from './refusal.js';
import { Retry } from './retry.js';

/**
 * @param {object} options
 * @param {import('../client/socket.js').Socket} options.socket
 * @param {(refusal: Refusal) => void} options.onRefused  for good
 * @param {import('./retry.js').Timing} [timing]
 * @returns {{ stop: () => void }}
 */
export function keepEntering({ socket, onRefused }, timing) {
  const retry = new Retry(() => socket.connect(), timing);
  socket.on('connect', () => retry.succeeded());
  socket.on('connect_error', (/** @type {Error & { data?: import('./refusal.js').ErrorOfServer }} */ error) => {
    // The connection was not made: that is tried again in any case.
    if (socket.active) return;
    const refusal = new Refusal(error.data ?? { code: 'unknown' });
    if (refusal.isPassing) retry.later(refusal.wait);
    else onRefused(refusal);
  });
  return { stop: () => retry.stop() };
}
