/**
 * What may be received: nothing before the person has agreed, once for everything that was sent at once or once for all
 * that a sender sends, and never more than fits. What was received stays in memory, or where the browser puts it, until
 * it is dismissed.
 */

/** So many bytes may be here, or be on their way, from everybody together: as much as the largest file. */
export const roomLimit = 2 * 1024 ** 3;
/** A larger file is received only after the person has agreed to that one, or to its batch. */
export const unaskedSizeLimit = 256 * 1024 ** 2;
/** More than that at once from one peer is refused. */
export const incomingLimit = 20;
/** So many batches are remembered, with what was said of them. */
export const batchLimit = 100;

/**
 * @typedef {'receive' | 'ask' | 'refuse' | 'full'} Verdict
 * @typedef {import('./file-sender.js').Batch} Batch
 * @typedef {{ size: number, batch: Batch }} Offered
 */

export class Inbox {
  /** @type {Set<string>} */
  #agreed = new Set();
  /**
   * How many bytes of each batch may still come; none of those that were refused.
   *
   * @type {Map<string, number>}
   */
  #batches = new Map();
  /** @type {Map<string, number>} */
  #open = new Map();
  #bytes = 0;

  /**
   * A peer opens a channel.
   *
   * @param {string} peer
   * @returns {boolean} whether it may
   */
  opened(peer) {
    const open = this.#open.get(peer) ?? 0;
    if (open >= incomingLimit) return false;
    this.#open.set(peer, open + 1);
    return true;
  }

  /** @param {string} peer  whose channel, one that was let in, is closed */
  closed(peer) {
    const open = (this.#open.get(peer) ?? 1) - 1;
    if (open > 0) this.#open.set(peer, open);
    else this.#open.delete(peer);
  }

  /**
   * The person agrees to files from this peer, from now on.
   *
   * @param {string} peer
   */
  agree(peer) {
    this.#agreed.add(peer);
  }

  /** @param {string} peer @param {Batch} batch  whose files the person wants, those too that are still to be offered */
  agreeToBatch(peer, batch) {
    this.#decide(peer, batch, batch.bytes);
  }

  /** @param {string} peer @param {Batch} batch  nothing of which is wanted */
  refuseBatch(peer, batch) {
    this.#decide(peer, batch, -1);
  }

  /**
   * What to do about an offer.
   *
   * @param {string} peer
   * @param {Offered} offered
   * @param {boolean} [isAsked]  whether the person has agreed to this very file
   * @returns {Verdict}
   */
  judge(peer, { size, batch }, isAsked = false) {
    const left = batch.id === '' ? undefined : this.#batches.get(keyOf(peer, batch));
    if (left !== undefined && left < 0 && !isAsked) return 'refuse';
    const isAgreed = this.#agreed.has(peer) && size <= unaskedSizeLimit;
    // A batch is no larger than the person was told.
    if (!isAsked && !isAgreed && (left === undefined || size > left)) return 'ask';
    return this.#bytes + size <= roomLimit ? 'receive' : 'full';
  }

  /** @param {string} peer @param {Offered} offered  that is one less of its batch to come */
  count(peer, { size, batch }) {
    const key = keyOf(peer, batch);
    const left = this.#batches.get(key);
    if (left !== undefined && left >= 0) this.#batches.set(key, Math.max(left - size, 0));
  }

  /** @param {number} size  of a file for which room is kept from now on */
  reserve(size) {
    this.#bytes += size;
  }

  /** @param {number} size  of a file that is gone */
  release(size) {
    this.#bytes -= size;
  }

  /** @param {string} peer @param {Batch} batch @param {number} bytes */
  #decide(peer, batch, bytes) {
    if (batch.id === '') return;
    this.#batches.set(keyOf(peer, batch), bytes);
    for (const key of this.#batches.keys()) {
      if (this.#batches.size <= batchLimit) break;
      this.#batches.delete(key);
    }
  }
}

/** @param {string} peer @param {Batch} batch */
function keyOf(peer, batch) {
  return `${peer} ${batch.id}`;
}
