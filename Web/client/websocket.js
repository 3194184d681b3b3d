/** One WebSocket, one packet a frame. */

import { decodePacket, encodeFrame } from './engine-packet.js';

export class WebSocketTransport {
  name = 'websocket';
  /** @type {WebSocket | undefined} */
  #socket;
  #closed = false;
  #url;
  #handlers;

  /**
   * @param {(transport: string) => URL} url  gives the address, with the session's id once it has one
   * @param {import('./polling.js').TransportHandlers} handlers
   */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  /** Whether `send` may be called. */
  get writable() {
    return !this.#closed && this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    const url = this.#url(this.name);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#handlers.onOpen();
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onerror = () => this.#fail(new Error('the WebSocket failed'));
    socket.onclose = () => this.#fail();
  }

  /** @param {import('./engine-packet.js').EnginePacket[]} packets */
  send(packets) {
    for (const packet of packets) this.#socket?.send(encodeFrame(packet));
  }

  async pause() {}

  resume() {}

  /**
   * Sends what is left and ends.
   *
   * @param {import('./engine-packet.js').EnginePacket[]} packets
   */
  async close(packets) {
    if (this.writable) this.send(packets);
    this.abort();
  }

  /** Ends at once. */
  abort() {
    this.#closed = true;
    this.#socket?.close();
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (this.#closed) return;
    let packet;
    try {
      packet = decodePacket(data);
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
      return;
    }
    this.#handlers.onPacket(packet);
  }

  /** @param {Error} [error] */
  #fail(error) {
    if (this.#closed) return;
    this.abort();
    this.#handlers.onClose(error);
  }
}
