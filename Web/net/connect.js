/** Makes the connection of a stay in a room. */

import { io } from '../client/socket.io.js';
import { basePath } from '../state/addresses.js';
import { CallLink } from './call-link.js';
import { Chat } from './chat.js';

/**
 * @param {object} options
 * @param {import('../state/state.js').PageStore} options.store
 * @param {string} options.room
 * @param {string} options.name
 * @param {string[]} options.transports  that may be used
 * @param {(reason: import('../i18n/t.js').Sentence) => void} options.onRefused  the server does not let this client in
 */
export function connect({ store, room, name, transports, onRefused }) {
  const chatSocket = io('/chat', { path: `${basePath()}socket.io/`, transports, autoConnect: false, forceNew: true });
  const callSocket = chatSocket.io.socket('/call');
  const chat = new Chat({ socket: chatSocket, store, room, name, onRefused });
  const link = new CallLink({ socket: callSocket, room, name });
  return { chat, link, sockets: { chat: chatSocket, call: callSocket } };
}
