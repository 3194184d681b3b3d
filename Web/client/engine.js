/**
 * An Engine.IO 4 session: handshake, upgrade from polling to WebSocket, heartbeat, batching.
 *
 * It does no IO of its own: transports and timers are given to it.
 */

import { Emitter } from './emitter.js';
import { PacketError, countThatFits } from './engine-packet.js';
import { PollingTransport } from './polling.js';
import { WebSocketTransport } from './websocket.js';

/**
 * @typedef {import('./engine-packet.js').EnginePacket} EnginePacket
 * @typedef {import('./polling.js').TransportHandlers} TransportHandlers
 *
 * @typedef {object} Transport
 * @property {string} name
 * @property {boolean} writable
 * @property {() => void} open
 * @property {(packets: EnginePacket[]) => void} send
 * @property {() => Promise<void>} pause
 * @property {() => void} resume
 * @property {(packets: EnginePacket[]) => Promise<void>} close
 * @property {() => void} abort
 *
 * @typedef {'transport close' | 'transport error' | 'ping timeout' | 'parse error' | 'forced close'} CloseReason
 *
 * @typedef {object} Timers
 * @property {(callback: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now  milliseconds
 *
 * @typedef {object} EngineOptions
 * @property {string[]} transports  `polling`, `websocket`, or both; the first one opens the session
 * @property {boolean} [upgrade]  whether to go from polling to WebSocket; true unless given
 * @property {Record<string, string>} [query]  more parameters for each request
 * @property {(name: string, url: (transport: string) => URL, handlers: TransportHandlers) => Transport} [makeTransport]
 * @property {Timers} [timers]
 *
 * @typedef {object} EngineEvents
 * @property {[]} open
 * @property {[data: string | ArrayBuffer]} message
 * @property {[transport: string]} upgrade
 * @property {[reason: CloseReason, error?: Error]} close
 */

/** What comes so much later than the session was to end, in milliseconds, comes to a machine or a page that slept. */
const tardiness = 2000;
/** How long after that the end of the session comes of the sleep, in milliseconds. */
const drowsiness = 5000;

/** The timers of the platform. */
export const systemTimers = {
  /** @param {() => void} callback @param {number} delay @returns {any} */
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  /** @param {any} timer */
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => Date.now(),
};

/** @type {NonNullable<EngineOptions['makeTransport']>} */
function makeSystemTransport(name, url, handlers) {
  return name === 'websocket' ? new WebSocketTransport(url, handlers) : new PollingTransport(url, handlers);
}

/** @extends {Emitter<EngineEvents>} */
export class Engine extends Emitter {
  /** @type {'opening' | 'open' | 'closed'} */
  #state = 'opening';
  /** @type {Transport} */
  #transport;
  /** @type {Transport | undefined} */
  #probe;
  #upgrading = false;
  /** @type {EnginePacket[]} */
  #queue = [];
  /** @type {{ sid: string, upgrades: string[], silence: number, maxPayload: number } | undefined} */
  #handshake;
  #deadline = Infinity;
  #wokeAt = -Infinity;
  /** @type {any} */
  #watchdog;
  #address;
  #options;
  #timers;

  /**
   * @param {URL} address  of the server, with the path of the endpoint
   * @param {EngineOptions} options
   */
  constructor(address, options) {
    super();
    this.#address = address;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#transport = this.#make(options.transports[0] ?? 'polling');
  }

  /** The id of the session, once it is open. */
  get id() {
    return this.#handshake?.sid;
  }

  /** The name of the transport in use. */
  get transportName() {
    return this.#transport.name;
  }

  /** Whether a packet that is sent now leaves at once. */
  get writable() {
    return this.#state === 'open' && !this.#upgrading && this.#queue.length === 0 && this.#transport.writable;
  }

  /** Whether the session can't have outlived a sleep of this side. */
  get hasOverslept() {
    return this.#isOverdue || this.#timers.now() - this.#wokeAt < drowsiness;
  }

  get #isOverdue() {
    return this.#timers.now() > this.#deadline + tardiness;
  }

  open() {
    this.#transport.open();
  }

  /**
   * Sends messages in this order, with nothing in between.
   *
   * @param {(string | ArrayBuffer)[]} messages
   */
  send(messages) {
    if (this.#state === 'closed') return;
    for (const data of messages) this.#queue.push({ type: 'message', data });
    // A machine that slept finds out here, before its watchdog's timer runs.
    if (this.#timers.now() > this.#deadline) this.#finish('ping timeout');
    else this.#flush();
  }

  /** Ends the session, after what was sent before. */
  close() {
    if (this.#state === 'closed') return;
    if (this.#state === 'open') void this.#transport.close(this.#queue.splice(0));
    else this.#transport.abort();
    this.#finish('forced close');
  }

  /** Ends a session over which nothing comes any more, as its heartbeat would find out later. */
  giveUp() {
    this.#finish('ping timeout');
  }

  /** @param {string} name @returns {Transport} */
  #make(name) {
    /** @type {Transport} */
    const transport = (this.#options.makeTransport ?? makeSystemTransport)(name, (kind) => this.#url(kind), {
      onOpen: () => {
        if (transport === this.#probe) transport.send([{ type: 'ping', data: 'probe' }]);
      },
      onPacket: (packet) => {
        if (this.#state === 'closed') return;
        if (transport === this.#transport) this.#receive(packet);
        else if (transport === this.#probe) void this.#receiveFromProbe(transport, packet);
      },
      onDrain: () => {
        if (transport === this.#transport) this.#flush();
      },
      onClose: (error) => {
        if (transport === this.#probe) this.#dropProbe();
        else if (transport !== this.#transport) return;
        else if (error instanceof PacketError) this.#finish('parse error', error);
        else this.#finish(error ? 'transport error' : 'transport close', error);
      },
    });
    return transport;
  }

  /** @param {string} transport */
  #url(transport) {
    const url = new URL(this.#address);
    for (const [name, value] of Object.entries(this.#options.query ?? {})) url.searchParams.set(name, value);
    url.searchParams.set('EIO', '4');
    url.searchParams.set('transport', transport);
    if (this.#handshake) url.searchParams.set('sid', this.#handshake.sid);
    return url;
  }

  /** @param {EnginePacket} packet */
  #receive(packet) {
    if (this.#state === 'opening') {
      if (packet.type === 'open') this.#opened(packet);
      return;
    }
    this.#feedWatchdog();
    switch (packet.type) {
      case 'ping':
        this.#queue.push({ type: 'pong' });
        this.#flush();
        break;
      case 'message':
        this.dispatch('message', packet.data ?? '');
        break;
      case 'close':
        this.#finish('transport close');
        break;
      default:
        break;
    }
  }

  /** @param {EnginePacket} packet */
  #opened(packet) {
    let handshake;
    try {
      handshake = JSON.parse(String(packet.data));
    } catch {
      this.#finish('parse error', new PacketError('broken handshake'));
      return;
    }
    this.#handshake = {
      sid: String(handshake.sid),
      upgrades: Array.isArray(handshake.upgrades) ? handshake.upgrades : [],
      silence: Number(handshake.pingInterval) + Number(handshake.pingTimeout),
      maxPayload: Number(handshake.maxPayload) || Infinity,
    };
    this.#state = 'open';
    this.#feedWatchdog();
    this.#startWatchdog();
    this.dispatch('open');
    this.#flush();
    this.#startUpgrade();
  }

  #startUpgrade() {
    const { transports, upgrade = true } = this.#options;
    const isOffered = this.#handshake?.upgrades.includes('websocket') && transports.includes('websocket');
    if (this.#state !== 'open' || !upgrade || !isOffered || this.#transport.name !== 'polling') return;
    this.#probe = this.#make('websocket');
    this.#probe.open();
  }

  /** @param {Transport} probe @param {EnginePacket} packet */
  async #receiveFromProbe(probe, packet) {
    if (this.#upgrading) return;
    if (packet.type !== 'pong' || packet.data !== 'probe') {
      probe.abort();
      this.#dropProbe();
      return;
    }
    this.#upgrading = true;
    // Whatever the polling transport has on its way must arrive before anything on the new one.
    await this.#transport.pause();
    if (this.#probe !== probe || this.#state !== 'open') return;
    probe.send([{ type: 'upgrade' }]);
    this.#transport = probe;
    this.#probe = undefined;
    this.#upgrading = false;
    this.dispatch('upgrade', probe.name);
    this.#flush();
  }

  #dropProbe() {
    this.#probe = undefined;
    if (!this.#upgrading) return;
    this.#upgrading = false;
    this.#transport.resume();
  }

  #flush() {
    if (this.#state !== 'open' || this.#upgrading || this.#queue.length === 0 || !this.#transport.writable) return;
    const limit = this.#transport.name === 'polling' ? this.#handshake?.maxPayload ?? Infinity : Infinity;
    this.#transport.send(this.#queue.splice(0, countThatFits(this.#queue, limit)));
  }

  #feedWatchdog() {
    // Whoever wakes first reads what came before the server gave up.
    if (this.#isOverdue) this.#wokeAt = this.#timers.now();
    this.#deadline = this.#timers.now() + (this.#handshake?.silence || Infinity);
  }

  #startWatchdog() {
    const remaining = this.#deadline - this.#timers.now();
    if (remaining === Infinity) return;
    if (remaining <= 0) this.#finish('ping timeout');
    else this.#watchdog = this.#timers.setTimeout(() => this.#startWatchdog(), remaining);
  }

  /** @param {CloseReason} reason @param {Error} [error] */
  #finish(reason, error) {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#timers.clearTimeout(this.#watchdog);
    this.#probe?.abort();
    this.#probe = undefined;
    if (reason !== 'forced close') this.#transport.abort();
    this.dispatch('close', reason, error);
  }
}
