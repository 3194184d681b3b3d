/** HTTP long-polling: one GET waits for packets while POSTs carry them the other way. */

import { decodePayload, encodePayload } from './engine-packet.js';

/**
 * What a transport tells the engine.
 *
 * @typedef {object} TransportHandlers
 * @property {() => void} onOpen  it can send
 * @property {(packet: import('./engine-packet.js').EnginePacket) => void} onPacket
 * @property {() => void} onDrain  it can send again
 * @property {(error?: Error) => void} onClose  it is gone; told once, and not after `abort`
 */

export class PollingTransport {
  name = 'polling';
  /** @type {'open' | 'paused' | 'closed'} */
  #state = 'open';
  /** @type {Promise<void> | undefined} */
  #polling;
  /** @type {Promise<void> | undefined} */
  #posting;
  #abort = new AbortController();
  #url;
  #handlers;

  /**
   * @param {(transport: string) => URL} url  gives the address, with the session's id once it has one
   * @param {TransportHandlers} handlers
   */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  /** Whether `send` may be called. */
  get writable() {
    return this.#state === 'open' && this.#posting === undefined;
  }

  open() {
    this.#handlers.onOpen();
    this.#polling = this.#poll();
  }

  /** @param {import('./engine-packet.js').EnginePacket[]} packets */
  send(packets) {
    this.#posting = this.#post(packets).then(() => {
      this.#posting = undefined;
      if (this.#state === 'open') this.#handlers.onDrain();
    });
  }

  /** Stops polling, and resolves when no request is on its way any more. */
  async pause() {
    this.#state = 'paused';
    await Promise.all([this.#polling, this.#posting]);
  }

  /** Polls again after a `pause`. */
  resume() {
    if (this.#state !== 'paused') return;
    this.#state = 'open';
    this.#polling = this.#poll();
    this.#handlers.onDrain();
  }

  /**
   * Sends what is left, tells the server that the session is over, and ends.
   *
   * @param {import('./engine-packet.js').EnginePacket[]} packets
   */
  async close(packets) {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#posting;
    await this.#post([...packets, { type: 'close' }]);
    this.#abort.abort();
  }

  /** Ends at once. */
  abort() {
    this.#state = 'closed';
    this.#abort.abort();
  }

  async #poll() {
    try {
      while (this.#state === 'open') {
        const response = await fetch(this.#url(this.name), { cache: 'no-store', signal: this.#abort.signal });
        if (!response.ok) throw new Error(`the server answered a poll with ${response.status}`);
        const payload = await response.text();
        for (const packet of decodePayload(payload)) this.#handlers.onPacket(packet);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {import('./engine-packet.js').EnginePacket[]} packets */
  async #post(packets) {
    try {
      const response = await fetch(this.#url(this.name), {
        method: 'POST',
        body: encodePayload(packets),
        signal: this.#abort.signal,
      });
      await response.text();
      if (!response.ok) throw new Error(`the server answered a POST with ${response.status}`);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#state === 'closed') return;
    this.abort();
    this.#handlers.onClose(error instanceof Error ? error : new Error(String(error)));
  }
}
