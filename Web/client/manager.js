/** One connection to a server, shared by the sockets of several namespaces, and made anew when lost. */

import { Backoff } from './backoff.js';
import { Emitter } from './emitter.js';
import { Engine, systemTimers } from './engine.js';
import { Decoder, encode } from './packet.js';
import { Socket } from './socket.js';

/**
 * @typedef {object} ManagerOptions
 * @property {string} [path]  of the endpoint; `/socket.io/` unless given
 * @property {string[]} [transports]  `['polling', 'websocket']` unless given
 * @property {boolean} [upgrade]  from polling to WebSocket; true unless given
 * @property {Record<string, string>} [query]  more parameters for each request
 * @property {boolean} [autoConnect]  true unless given
 * @property {number} [timeout]  for the opening of a connection; 20,000 ms unless given
 * @property {boolean} [reconnection]  true unless given
 * @property {number} [reconnectionAttempts]  no limit unless given
 * @property {number} [reconnectionDelay]  the first one; 1,000 ms unless given
 * @property {number} [reconnectionDelayMax]  5,000 ms unless given
 * @property {number} [randomizationFactor]  0 to 1; 0.5 unless given
 * @property {import('./engine.js').EngineOptions['makeTransport']} [makeTransport]
 * @property {import('./engine.js').Timers} [timers]
 *
 * @typedef {object} ManagerEvents
 * @property {[]} open
 * @property {[reason: string]} close
 * @property {[error: Error]} error  the connection could not be made
 * @property {[attempt: number]} reconnect_attempt
 * @property {[attempt: number]} reconnect
 * @property {[error: Error]} reconnect_error
 * @property {[]} reconnect_failed  no attempts are left
 */

/** @extends {Emitter<ManagerEvents>} */
export class Manager extends Emitter {
  /** @type {'closed' | 'opening' | 'open'} */
  #state = 'closed';
  /** @type {Engine | undefined} */
  #engine;
  #decoder = new Decoder();
  /** @type {Map<string, Socket>} */
  #sockets = new Map();
  /** @type {any} */
  #openTimer;
  /** @type {any} */
  #retryTimer;
  /**
   * Ends what is listened to on the window.
   *
   * @type {AbortController | undefined}
   */
  #network;
  #backoff;
  #address;
  #options;
  #timers;

  /**
   * @param {URL} origin  of the server; its path is not used
   * @param {ManagerOptions} [options]
   */
  constructor(origin, options = {}) {
    super();
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#address = new URL(options.path ?? '/socket.io/', origin);
    if (!this.#address.pathname.endsWith('/')) this.#address.pathname += '/';
    this.#backoff = new Backoff({
      minimum: options.reconnectionDelay ?? 1000,
      maximum: options.reconnectionDelayMax ?? 5000,
      jitter: options.randomizationFactor ?? 0.5,
    });
  }

  /** The session underneath, for the name of its transport. */
  get engine() {
    return this.#engine;
  }

  /** Whether a packet that is sent now leaves at once. */
  get writable() {
    return this.#state === 'open' && this.#engine?.writable === true;
  }

  /** @param {string} namespace */
  has(namespace) {
    return this.#sockets.has(namespace);
  }

  /**
   * The socket of a namespace; there is one of each.
   *
   * @param {string} namespace
   * @param {import('./socket.js').SocketOptions} [options]  of the socket, when it is new
   */
  socket(namespace, options = {}) {
    const known = this.#sockets.get(namespace);
    if (known) return known;
    const socket = new Socket(this, namespace, { timers: this.#timers, ...options });
    this.#sockets.set(namespace, socket);
    if (this.#options.autoConnect ?? true) socket.connect();
    return socket;
  }

  /**
   * A socket wants to be connected.
   *
   * @param {Socket} socket
   */
  attach(socket) {
    this.#watchNetwork();
    if (this.#state === 'open') socket.opened();
    else if (this.#state === 'closed' && this.#retryTimer === undefined) this.#open();
  }

  /** A socket wants to be connected no more; the last one closes the connection. */
  detach() {
    if ([...this.#sockets.values()].some((socket) => socket.active)) return;
    this.#timers.clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#network?.abort();
    this.#network = undefined;
    this.#engine?.close();
  }

  /** Makes another connection at once: nothing comes over the present one, or the wait for the next one may end. */
  reconnect() {
    this.#engine?.giveUp();
    if (this.#retryTimer === undefined) return;
    this.#backoff.reset();
    this.#backoff.next();
    this.#retryNow();
  }

  /** @param {import('./packet.js').Packet} packet */
  send(packet) {
    this.#engine?.send(encode(packet));
  }

  #open() {
    this.#state = 'opening';
    const engine = new Engine(this.#address, {
      transports: this.#options.transports ?? ['polling', 'websocket'],
      upgrade: this.#options.upgrade,
      query: this.#options.query,
      makeTransport: this.#options.makeTransport,
      timers: this.#timers,
    });
    this.#engine = engine;
    engine.on('open', () => this.#opened());
    engine.on('message', (data) => this.#receive(data));
    engine.on('close', (...args) => this.#closed(...args));
    this.#openTimer = this.#timers.setTimeout(() => engine.close(), this.#options.timeout ?? 20000);
    engine.open();
  }

  #opened() {
    this.#state = 'open';
    this.#timers.clearTimeout(this.#openTimer);
    const attempt = this.#backoff.attempts;
    this.#backoff.reset();
    this.dispatch('open');
    if (attempt > 0) this.dispatch('reconnect', attempt);
    for (const socket of this.#sockets.values()) if (socket.active) socket.opened();
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    let packet;
    try {
      packet = this.#decoder.add(data);
    } catch {
      this.#engine?.close();
      return;
    }
    if (packet) this.#sockets.get(packet.namespace)?.receive(packet);
  }

  /** @param {string} reason @param {Error} [error] */
  #closed(reason, error) {
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#timers.clearTimeout(this.#openTimer);
    this.#decoder.reset();
    if (wasOpen) {
      for (const socket of this.#sockets.values()) socket.closed(reason);
      this.dispatch('close', reason);
    } else {
      const failure = error ?? new Error(reason === 'forced close' ? 'timeout' : reason);
      for (const socket of this.#sockets.values()) socket.failed(failure);
      this.dispatch(this.#backoff.attempts > 0 ? 'reconnect_error' : 'error', failure);
    }
    this.#retry();
  }

  #retry() {
    const isWanted = [...this.#sockets.values()].some((socket) => socket.active);
    if (!isWanted || this.#state !== 'closed' || !(this.#options.reconnection ?? true)) return;
    if (this.#backoff.attempts >= (this.#options.reconnectionAttempts ?? Infinity)) {
      this.#backoff.reset();
      this.dispatch('reconnect_failed');
      return;
    }
    const delay = this.#backoff.next();
    // Whoever wakes alone comes back at once; those whom a server has lost come one after the other.
    this.#retryTimer = this.#timers.setTimeout(() => this.#retryNow(), this.#engine?.hasOverslept ? 0 : delay);
  }

  #retryNow() {
    this.#timers.clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.dispatch('reconnect_attempt', this.#backoff.attempts);
    if (this.#state === 'closed') this.#open();
  }

  /** For as long as a socket wants to be connected. */
  #watchNetwork() {
    if (this.#network || typeof globalThis.addEventListener !== 'function') return;
    this.#network = new AbortController();
    const { signal } = this.#network;
    globalThis.addEventListener('online', () => this.#retryTimer !== undefined && this.reconnect(), { signal });
    // The system knows before the heartbeat does.
    globalThis.addEventListener('offline', () => this.#engine?.close(), { signal });
  }
}
