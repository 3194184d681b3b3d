/**
 * A file on its way to one person. It stands in line while they take others, waits while there is no connection to
 * them, and is offered again when there is another one.
 *
 * @typedef {import('./file-sender.js').FileSender} FileSender
 *
 * @typedef {'absent' | 'queued' | 'asked' | 'sending' | 'done' | 'failed' | 'cancelled'} DeliveryState
 */

/** So often a file is offered again to somebody whose connection ends in the middle of it. */
export const attemptLimit = 5;

export class Delivery {
  /** @type {() => void} */
  onchange = () => undefined;
  /**
   * The person wants none of the files that were sent with this one.
   *
   * @type {() => void}
   */
  onrefusal = () => undefined;
  /** @type {DeliveryState} */
  state = 'absent';
  /**
   * Why it ended.
   *
   * @type {import('./transfer.js').Code}
   */
  code = 'none';
  /** Bytes sent so far. */
  progress = 0;
  /** @type {string | undefined} */
  digest;
  #attempts = 0;
  /** @type {FileSender | undefined} */
  #sender;
  /**
   * Ends the turn that it has in the peer's queue.
   *
   * @type {() => void}
   */
  #endTurn = () => undefined;
  #lanes;
  #person;
  #job;
  #isPresent;

  /**
   * @param {object} options
   * @param {import('./lanes.js').Lanes} options.lanes
   * @param {{ id: string, name: string }} options.person
   * @param {() => FileSender} options.make  opens a channel; throws if there is no connection
   * @param {() => boolean} options.isPresent  whether there is a connection
   */
  constructor({ lanes, person, make, isPresent }) {
    this.#lanes = lanes;
    this.#person = person;
    this.#isPresent = isPresent;
    this.#job = { start: (/** @type {() => void} */ done) => this.#start(make, done) };
  }

  get person() {
    return this.#person;
  }

  get isFinished() {
    return this.state === 'done' || this.state === 'failed' || this.state === 'cancelled';
  }

  /** There is a connection, or another one: whoever was left out gets it now. */
  ready() {
    if (this.state === 'failed' && this.code === 'left') this.#revive();
    if (this.state !== 'absent' || !this.#isPresent()) return;
    this.#become('queued');
    this.#lanes.add(this.person.id, this.#job);
  }

  #revive() {
    this.code = 'none';
    this.#attempts = 0;
    this.#become('absent');
  }

  /** The connection is gone, with whatever was under way over it. */
  lose() {
    if (this.#sender) this.#sender.finish('failed', 'lost');
    if (this.state !== 'queued') return;
    this.#lanes.drop(this.person.id, this.#job);
    this.#become('absent');
  }

  /** The person has left. */
  leave() {
    if (!this.isFinished) this.#end('failed', 'left');
  }

  cancel() {
    if (!this.isFinished) this.#end('cancelled', 'none');
  }

  /** The person does not want this one either. */
  refuse() {
    if (!this.isFinished && this.state !== 'sending') this.#end('failed', 'refused');
  }

  /** @param {() => FileSender} make @param {() => void} done */
  #start(make, done) {
    /** @type {FileSender} */
    let sender;
    try {
      sender = make();
    } catch {
      done();
      this.#become('absent');
      return;
    }
    this.#attempts += 1;
    this.#sender = sender;
    this.#endTurn = done;
    sender.onchange = () => this.#follow(sender);
    this.progress = 0;
    this.#become('asked');
  }

  /** @param {FileSender} sender */
  #follow(sender) {
    if (sender !== this.#sender) return;
    const { state, code, progress } = sender;
    this.progress = progress;
    if (!sender.isFinished) {
      this.#become(state === 'sending' ? 'sending' : 'asked');
      return;
    }
    this.digest = sender.digest;
    this.#release();
    if (sender.refusesAll) this.onrefusal();
    const isLost = state === 'failed' && code === 'lost' && this.#attempts < attemptLimit;
    if (isLost) this.progress = 0;
    else this.code = code;
    this.#become(isLost ? 'absent' : /** @type {DeliveryState} */ (state));
    this.ready();
  }

  /** @param {'failed' | 'cancelled'} state @param {import('./transfer.js').Code} code */
  #end(state, code) {
    const sender = this.#sender;
    this.#release();
    this.#lanes.drop(this.person.id, this.#job);
    if (code === 'left') sender?.finish('failed', code);
    else sender?.cancel();
    this.code = code;
    this.#become(state);
  }

  #release() {
    this.#sender = undefined;
    this.#endTurn();
    this.#endTurn = () => undefined;
  }

  /** @param {DeliveryState} state */
  #become(state) {
    this.state = state;
    this.onchange();
  }
}
