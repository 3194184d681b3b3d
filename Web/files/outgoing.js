/** One file on its way to everybody who was in the call when it was sent. */

import { PieceDigests } from './digest.js';
import { Delivery } from './delivery.js';
import { FileSender } from './file-sender.js';

/**
 * @typedef {import('../call/peer.js').Peer} Peer
 *
 * @typedef {object} Recipient  as a row tells of it
 * @property {string} name
 * @property {import('./delivery.js').DeliveryState} state
 * @property {import('./transfer.js').Code} code  why it ended
 */

export class Outgoing {
  /** @type {() => void} */
  onchange = () => undefined;
  /** @type {Map<string, Delivery>} */
  #deliveries = new Map();
  #batch;

  /**
   * @param {object} options
   * @param {File} options.file
   * @param {string} options.id
   * @param {import('./file-sender.js').Batch} options.batch
   * @param {import('./lanes.js').Lanes} options.lanes
   * @param {Peer[]} options.people
   * @param {(id: string) => Peer | undefined} options.peer  who is in the call now
   * @param {(person: string) => void} options.onRefusal  somebody wants nothing of the batch
   */
  constructor({ file, id, batch, lanes, people, peer, onRefusal }) {
    this.#batch = batch;
    const digests = new PieceDigests();
    for (const { id: person, name } of people) {
      const delivery = new Delivery({
        lanes,
        person: { id: person, name },
        isPresent: () => peer(person)?.connectionState === 'connected',
        make: () => {
          const to = peer(person);
          if (!to) throw new Error('nobody is there');
          return new FileSender({ channel: to.openChannel(), file, id, batch, digests, maxMessageSize: to.pc.sctp?.maxMessageSize });
        },
      });
      delivery.onchange = () => this.onchange();
      delivery.onrefusal = () => onRefusal(person);
      this.#deliveries.set(person, delivery);
    }
  }

  get batch() {
    return this.#batch.id;
  }

  /** @param {string} person */
  to(person) {
    return this.#deliveries.get(person);
  }

  get deliveries() {
    return [...this.#deliveries.values()];
  }

  /** Whether nothing can come of it any more: whoever has left may come back. */
  get isOver() {
    return this.deliveries.every(({ isFinished, code }) => isFinished && code !== 'left');
  }

  cancel() {
    for (const delivery of this.deliveries) delivery.cancel();
  }

  /** What all deliveries come to. */
  get summary() {
    const all = this.deliveries;
    const live = all.filter(({ state }) => state !== 'failed' && state !== 'cancelled');
    const counted = live.length > 0 ? live : all;
    return {
      state: stateOf(all),
      progress: counted.reduce((sum, { progress }) => sum + progress, 0) / counted.length,
      recipients: all.map(({ person, state, code }) => ({ name: person.name, state, code })),
      digest: all.find(({ digest }) => digest !== undefined)?.digest,
    };
  }
}

/**
 * @param {Delivery[]} all
 * @returns {import('./transfer.js').TransferState | 'partly'}
 */
function stateOf(all) {
  const some = (/** @type {string[]} */ ...states) => all.some(({ state }) => states.includes(state));
  if (some('sending')) return 'sending';
  if (some('absent', 'queued', 'asked')) return 'waiting';
  if (!some('failed', 'cancelled')) return 'done';
  if (some('done')) return 'partly';
  return some('failed') ? 'failed' : 'cancelled';
}
