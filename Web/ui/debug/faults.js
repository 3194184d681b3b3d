/** The faults that can be made by hand on the panel, and by tests. */

import { wrapConnections } from './connections.js';
import { wrapSenders } from './senders.js';
import { wrapSignalling } from './signalling.js';

/**
 * To be called before anything is connected.
 *
 * @param {() => void} renew  makes all connections anew: after a restart a path that still works may go on
 */
export function makeFaults(renew) {
  const signalling = wrapSignalling();
  const connections = wrapConnections();
  const senders = wrapSenders(connections.all);
  return {
    /** @param {number} [seconds]  for which the server cannot be reached */
    dropSignalling: (seconds = 0) => signalling.drop(seconds),
    /** The path to each peer fails, and only new ICE credentials help. */
    killIce: () => connections.kill(),
    /** @param {boolean} isRelayOnly */
    forceRelay(isRelayOnly) {
      connections.change({ isRelayOnly });
      renew();
    },
    /** @param {boolean} isWithoutUDP */
    forbidUdp(isWithoutUDP) {
      connections.change({ isWithoutUDP });
      renew();
    },
    /** @param {number} [limit]  of each picture and voice that is sent, in bits a second; none lifts it */
    throttle: (limit = Infinity) => senders.change({ limit }),
    /** @param {number} seconds  for which nothing is sent of picture and voice */
    async freezeMedia(seconds) {
      await senders.change({ isFrozen: true });
      setTimeout(() => void senders.change({ isFrozen: false }), seconds * 1000);
    },
    /** @param {number} seconds  for which the page does not do anything */
    freezePage(seconds) {
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end);
    },
  };
}

/** @typedef {ReturnType<typeof makeFaults>} Faults */
