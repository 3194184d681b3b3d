/**
 * One file over one data channel, as docs/file-transfer.md has it: what both directions have in common.
 *
 * @typedef {'waiting' | 'sending' | 'receiving' | 'done' | 'failed' | 'cancelled'} TransferState
 *
 * @typedef {object} Channel  the part of `RTCDataChannel` that is used
 * @property {string} readyState
 * @property {number} bufferedAmount
 * @property {number} bufferedAmountLowThreshold
 * @property {BinaryType} binaryType
 * @property {(data: any) => void} send
 * @property {() => void} close
 * @property {(name: string, listener: (event: any) => void, options?: AddEventListenerOptions) => void} addEventListener
 */

/** The version of the protocol. */
export const version = 2;
/** What this page can do beside what the version says. */
export const capabilities = /** @type {string[]} */ ([]);
/** A file is kept as a Blob in the browser of each receiver, so it cannot be of any size. */
export const fileSizeLimit = 2 * 1024 ** 3;

/**
 * Why a transfer ended, as it is said on the wire: to a code that it does not know a client says no more than that the
 * transfer ended.
 */
export const codes = /** @type {const} */ ([
  'refused',
  'too-many',
  'too-large',
  'version',
  'unreadable',
  'unchecked',
  'bad-peer',
  'more-than-offered',
  'not-what-was-sent',
]);

/**
 * Why a transfer ended. Besides those of the wire there are `cancelled`, by the other side; `lost`, the connection;
 * `left`, the person; and `none` where nobody said why.
 *
 * @typedef {typeof codes[number] | 'cancelled' | 'lost' | 'left' | 'none'} Code
 */

export class Transfer {
  /** @type {TransferState} */
  state = 'waiting';
  /** Bytes sent or received so far. */
  progress = 0;
  /**
   * Why it ended.
   *
   * @type {Code}
   */
  code = 'none';
  name = '';
  size = 0;
  /**
   * The digest of the file in hexadecimal, when it is `done`.
   *
   * @type {string | undefined}
   */
  digest;
  /** @type {() => void} */
  onchange = () => undefined;
  channel;

  /** @param {Channel} channel */
  constructor(channel) {
    this.channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('message', ({ data }) => this.#received(data));
    channel.addEventListener('close', () => this.finish('failed', 'lost'));
  }

  get isFinished() {
    return this.state === 'done' || this.state === 'failed' || this.state === 'cancelled';
  }

  cancel() {
    if (this.isFinished) return;
    this.tell({ type: 'cancel' });
    this.finish('cancelled');
  }

  /** @param {TransferState} state @param {Code} [code] */
  finish(state, code = 'none') {
    if (this.isFinished) return;
    this.state = state;
    this.code = code;
    this.onchange();
    // What is buffered, such as the last answer, leaves before the channel closes.
    this.channel.close();
  }

  /**
   * Ends it for a reason that the other side is told.
   *
   * @param {Code} code
   */
  fail(code) {
    this.tell({ type: 'failed', code });
    this.finish('failed', code);
  }

  /** @param {Record<string, unknown>} message */
  tell(message) {
    if (this.channel.readyState === 'open') this.channel.send(JSON.stringify(message));
  }

  /** @param {Record<string, any>} _message */
  receiveMessage(_message) {}

  /** @param {Uint8Array} _bytes */
  receiveBytes(_bytes) {
    this.fail('bad-peer');
  }

  /** @param {unknown} data */
  #received(data) {
    if (this.isFinished) return;
    if (data instanceof ArrayBuffer) {
      this.receiveBytes(new Uint8Array(data));
      return;
    }
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      message = undefined;
    }
    if (typeof message !== 'object' || message === null) this.fail('bad-peer');
    else if (message.type === 'cancel') this.finish('cancelled', 'cancelled');
    else if (message.type === 'failed') this.finish('failed', codeFrom(message.code));
    else this.receiveMessage(message);
  }
}

/** @param {unknown} value  from somebody else @returns {Code} */
export function codeFrom(value) {
  return codes.find((code) => code === value) ?? 'none';
}
