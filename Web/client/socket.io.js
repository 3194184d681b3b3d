/**
 * A Socket.IO 5 client in ES modules, for browsers and for Node's `fetch`.
 *
 *     import { io } from './socket.io.js';
 *
 *     const socket = io('/chat', { auth: { token } });
 *     socket.on('connect', () => …);
 *     socket.on('message', (text) => …);
 *     const answer = await socket.timeout(5000).emitWithAck('say', 'hello');
 *
 * Options have the names and defaults of the official client: see `ManagerOptions` and
 * `SocketOptions`. Binary arguments are `ArrayBuffer` and its views; they arrive as `ArrayBuffer`.
 */

import { Manager } from './manager.js';
import { Socket } from './socket.js';

export { Manager, Socket };

/**
 * Connections that sockets share, by the address of their endpoint.
 *
 * @type {Map<string, Manager>}
 */
const managers = new Map();

/**
 * The socket of a namespace.
 *
 * Sockets of different namespaces of one server share a connection; a second socket of the same
 * namespace gets a connection of its own.
 *
 * @param {string | URL} [address]  of the server, whose path is the namespace; relative to the page
 * @param {import('./manager.js').ManagerOptions & import('./socket.js').SocketOptions & { forceNew?: boolean }} [options]
 *   `forceNew` asks for a connection of its own
 */
export function io(address = '/', options = {}) {
  const url = new URL(address, globalThis.location?.href);
  url.protocol = url.protocol.replace('ws', 'http');
  const namespace = url.pathname;
  const key = new URL(options.path ?? '/socket.io/', url).href;
  let manager = managers.get(key);
  if (options.forceNew || !manager || manager.has(namespace)) {
    const isFirst = !options.forceNew && !manager;
    manager = new Manager(url, options);
    if (isFirst) managers.set(key, manager);
  }
  return manager.socket(namespace, { auth: options.auth, timers: options.timers });
}
