/**
 * What may be received: nothing before the person has agreed to files of that sender, and never more than fits.
 * What was received stays in memory, or where the browser puts it, until it is dismissed.
 */

/** So many bytes may be here, or be on their way, from everybody together: as much as the largest file. */
export const roomLimit = 2 * 1024 ** 3;
/** A larger file is received only after the person has agreed to that one. */
export const unaskedSizeLimit = 256 * 1024 ** 2;
/** More than that at once from one peer is refused. */
export const incomingLimit = 20;

/** @typedef {'receive' | 'ask' | 'full'} Verdict */

export class Inbox {
  /** @type {Set<string>} */
  #agreed = new Set();
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
   * The person agrees to files from this peer.
   *
   * @param {string} peer
   */
  agree(peer) {
    this.#agreed.add(peer);
  }

  /**
   * What to do about an offer.
   *
   * @param {string} peer
   * @param {number} size
   * @param {boolean} [isAsked]  whether the person has agreed to this very file
   * @returns {Verdict}
   */
  judge(peer, size, isAsked = false) {
    if (!isAsked && (size > unaskedSizeLimit || !this.#agreed.has(peer))) return 'ask';
    return this.#bytes + size <= roomLimit ? 'receive' : 'full';
  }

  /** @param {number} size  that is kept free for a file from now on */
  reserve(size) {
    this.#bytes += size;
  }

  /** @param {number} size  of a file that is gone */
  release(size) {
    this.#bytes -= size;
  }
}
