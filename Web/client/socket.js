/** A connection to one namespace. */

import { Emitter } from './emitter.js';
import { systemTimers } from './engine.js';
import { PacketType } from './packet.js';

/**
 * @typedef {Record<string, any>} Auth
 *
 * @typedef {object} SocketOptions
 * @property {Auth | ((give: (auth: Auth) => void) => void)} [auth]  goes with every connection request
 * @property {import('./engine.js').Timers} [timers]
 *
 * @typedef {object} Flags
 * @property {boolean} [volatile]
 * @property {number} [timeout]  milliseconds
 *
 * @typedef {object} PendingAck
 * @property {(...args: any[]) => void} settle  with the acknowledgement's arguments
 * @property {((error: Error) => void) | undefined} fail
 * @property {any} timer
 */

/**
 * Events: `connect`, `connect_error` (error), `disconnect` (reason), and those of the server.
 *
 * @extends {Emitter<Record<string, any[]>>}
 */
export class Socket extends Emitter {
  /**
   * The id that the server gave this connection, while it is connected.
   *
   * @type {string | undefined}
   */
  id;
  connected = false;
  /** Whether it is connected or will be without being asked again. */
  active = false;
  /** @type {import('./packet.js').Packet[]} */
  #buffer = [];
  /** @type {Map<number, PendingAck>} */
  #acks = new Map();
  #nextAck = 0;
  #manager;
  #namespace;
  #options;
  #timers;

  /**
   * @param {import('./manager.js').Manager} manager
   * @param {string} namespace
   * @param {SocketOptions} options
   */
  constructor(manager, namespace, options) {
    super();
    this.#manager = manager;
    this.#namespace = namespace;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** The manager of the connection that this socket shares. */
  get io() {
    return this.#manager;
  }

  /** Connects, and again whenever the connection is lost, until `disconnect`. */
  connect() {
    if (this.active) return this;
    this.active = true;
    this.#manager.attach(this);
    return this;
  }

  /** Leaves the namespace; the last socket to leave closes the connection. */
  disconnect() {
    if (!this.active) return this;
    this.active = false;
    if (this.connected) {
      this.#send({ type: PacketType.disconnect, namespace: this.#namespace });
      this.#lost('io client disconnect');
    }
    this.#manager.detach();
    return this;
  }

  /**
   * Sends an event; while disconnected it waits for the connection.
   *
   * A function as the last argument gets the acknowledgement.
   *
   * @param {string} name
   * @param {any[]} args
   */
  emit(name, ...args) {
    this.emitWith({}, name, args);
    return this;
  }

  /**
   * Sends an event, and resolves with the first argument of its acknowledgement.
   *
   * @param {string} name
   * @param {any[]} args
   * @returns {Promise<any>} rejects if the connection is lost before the acknowledgement
   */
  emitWithAck(name, ...args) {
    return this.#emitWithAck({}, name, args);
  }

  /** Sends without waiting for anything: what cannot leave at once is dropped. */
  get volatile() {
    return { emit: (/** @type {string} */ name, /** @type {any[]} */ ...args) => this.emitWith({ volatile: true }, name, args) };
  }

  /**
   * Sends with an acknowledgement that must come within `milliseconds`.
   *
   * A callback gets an error, or null, before the acknowledgement's arguments.
   *
   * @param {number} milliseconds
   */
  timeout(milliseconds) {
    const flags = { timeout: milliseconds };
    return {
      emit: (/** @type {string} */ name, /** @type {any[]} */ ...args) => this.emitWith(flags, name, args),
      emitWithAck: (/** @type {string} */ name, /** @type {any[]} */ ...args) => this.#emitWithAck(flags, name, args),
    };
  }

  /**
   * @param {Flags} flags
   * @param {string} name
   * @param {any[]} args
   */
  emitWith(flags, name, args) {
    const callback = typeof args.at(-1) === 'function' ? args.at(-1) : undefined;
    if (!callback) return this.#emit(flags, name, args);
    const rest = args.slice(0, -1);
    if (flags.timeout === undefined) return this.#emit(flags, name, rest, callback);
    return this.#emit(flags, name, rest, (...answer) => callback(null, ...answer), (error) => callback(error));
  }

  /** The connection is there: asks to join the namespace. */
  opened() {
    /** @param {Auth} [auth] */
    const join = (auth) => this.#send({ type: PacketType.connect, namespace: this.#namespace, data: auth });
    const { auth } = this.#options;
    if (typeof auth === 'function') auth(join);
    else join(auth);
  }

  /**
   * The connection could not be made.
   *
   * @param {Error} error
   */
  failed(error) {
    if (this.active) this.dispatch('connect_error', error);
  }

  /**
   * The connection is gone.
   *
   * @param {string} reason
   */
  closed(reason) {
    if (this.connected) this.#lost(reason);
  }

  /** @param {import('./packet.js').Packet} packet */
  receive({ type, id, data }) {
    switch (type) {
      case PacketType.connect:
        this.#joined(data?.sid);
        break;
      case PacketType.connectError: {
        this.active = false;
        const message = typeof data === 'string' ? data : data.message;
        this.dispatch('connect_error', Object.assign(new Error(message), { data: data.data }));
        this.#manager.detach();
        break;
      }
      case PacketType.disconnect:
        this.active = false;
        this.#lost('io server disconnect');
        this.#manager.detach();
        break;
      case PacketType.ack:
        this.#settle(id ?? -1)?.settle(...data);
        break;
      default:
        this.#handle(data, id);
    }
  }

  /** @param {any[]} data @param {number | undefined} id */
  #handle([name, ...args], id) {
    if (!this.connected) return;
    if (id !== undefined) {
      let isAnswered = false;
      args.push((/** @type {any[]} */ ...answer) => {
        if (isAnswered) return;
        isAnswered = true;
        this.#send({ type: PacketType.ack, namespace: this.#namespace, id, data: answer });
      });
    }
    this.dispatch(String(name), ...args);
  }

  /** @param {unknown} id */
  #joined(id) {
    this.id = String(id);
    this.connected = true;
    for (const packet of this.#buffer.splice(0)) this.#send(packet);
    this.dispatch('connect');
  }

  /** @param {string} reason */
  #lost(reason) {
    this.connected = false;
    this.id = undefined;
    const waiting = new Set(this.#buffer.map((packet) => packet.id));
    for (const id of [...this.#acks.keys()]) {
      if (!waiting.has(id)) this.#settle(id)?.fail?.(new Error('the connection was lost before the acknowledgement'));
    }
    this.dispatch('disconnect', reason);
  }

  /** @param {Flags} flags @param {string} name @param {any[]} args @returns {Promise<any>} */
  #emitWithAck(flags, name, args) {
    return new Promise((resolve, reject) => this.#emit(flags, name, args, resolve, reject));
  }

  /**
   * @param {Flags} flags
   * @param {string} name
   * @param {any[]} args
   * @param {(...args: any[]) => void} [settle]
   * @param {(error: Error) => void} [fail]
   */
  #emit(flags, name, args, settle, fail) {
    if (flags.volatile && !(this.connected && this.#manager.writable)) return;
    /** @type {import('./packet.js').Packet} */
    const packet = { type: PacketType.event, namespace: this.#namespace, data: [name, ...args] };
    if (settle) {
      packet.id = this.#nextAck;
      this.#nextAck += 1;
      const { timeout } = flags;
      const timer = timeout === undefined ? undefined : this.#timers.setTimeout(() => this.#expire(packet), timeout);
      this.#acks.set(packet.id, { settle, fail, timer });
    }
    if (this.connected) this.#send(packet);
    else this.#buffer.push(packet);
  }

  /** @param {import('./packet.js').Packet} packet */
  #expire(packet) {
    this.#buffer = this.#buffer.filter((waiting) => waiting !== packet);
    this.#settle(packet.id ?? -1)?.fail?.(new Error('the acknowledgement did not come in time'));
  }

  /** @param {number} id */
  #settle(id) {
    const ack = this.#acks.get(id);
    this.#acks.delete(id);
    this.#timers.clearTimeout(ack?.timer);
    return ack;
  }

  /** @param {import('./packet.js').Packet} packet */
  #send(packet) {
    this.#manager.send(packet);
  }
}
