/** A file for one peer that waits until there is room for it in the peer's queue. */

/**
 * @typedef {import('./transfer.js').FileSender} FileSender
 * @typedef {import('./transfer.js').TransferState} TransferState
 */

export class QueuedSender {
  /** @type {() => void} */
  onchange = () => undefined;
  /** @type {FileSender | undefined} */
  #sender;
  /** @type {TransferState} */
  #state = 'waiting';
  /** @type {import('../i18n/t.js').Key | undefined} */
  #reason;
  #lanes;
  #peer;
  #job;

  /**
   * @param {object} options
   * @param {import('./lanes.js').Lanes} options.lanes
   * @param {string} options.peer
   * @param {() => FileSender} options.make  opens the channel; throws if the connection is gone
   */
  constructor({ lanes, peer, make }) {
    this.#lanes = lanes;
    this.#peer = peer;
    this.#job = { start: (/** @type {() => void} */ done) => this.#start(make, done) };
  }

  /** The id of the peer. */
  get peer() {
    return this.#peer;
  }

  /** Stands in line. */
  enqueue() {
    this.#lanes.add(this.#peer, this.#job);
  }

  get isQueued() {
    return this.#sender === undefined && this.#state === 'waiting';
  }

  get state() {
    return this.#sender?.state ?? this.#state;
  }

  get progress() {
    return this.#sender?.progress ?? 0;
  }

  get reason() {
    return this.#sender?.reason ?? this.#reason;
  }

  get isFinished() {
    return this.#sender?.isFinished ?? this.#state !== 'waiting';
  }

  cancel() {
    if (this.#sender) this.#sender.cancel();
    else this.#end('cancelled');
  }

  /** The peer has gone. */
  lose() {
    const reason = 'files.lost';
    if (this.#sender) this.#sender.finish('failed', reason);
    else this.#end('failed', reason);
  }

  /** @param {() => FileSender} make @param {() => void} done */
  #start(make, done) {
    try {
      this.#sender = make();
    } catch {
      done();
      this.lose();
      return;
    }
    this.#sender.onchange = () => {
      if (this.isFinished) done();
      this.onchange();
    };
    this.onchange();
  }

  /** @param {TransferState} state @param {import('../i18n/t.js').Key} [reason] */
  #end(state, reason) {
    if (this.isFinished) return;
    this.#lanes.drop(this.#peer, this.#job);
    this.#state = state;
    this.#reason = reason;
    this.onchange();
  }
}
