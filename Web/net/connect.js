/** Makes the connection of a stay in a room. */

import { io } from '../client/socket.io.js';
import { basePath } from '../state/addresses.js';
import { CallLink } from './call-link.js';
import { Chat } from './chat.js';
import { Members } from './members.js';
import { Reactions } from './reactions.js';
import { RoomLink } from './room-link.js';

/**
 * @param {object} options
 * @param {import('../state/state.js').PageStore} options.store
 * @param {string} options.room
 * @param {string} options.name
 * @param {string[]} options.transports  that may be used
 */
export function connect({ store, room, name, transports }) {
  const socket = io('/room', { path: `${basePath()}socket.io/`, transports, autoConnect: false, forceNew: true });
  const link = new RoomLink({ socket, room, name });
  return { link, socket, members: new Members({ link, store }), reactions: new Reactions({ link, store }), chat: new Chat({ link, store, name }), callLink: new CallLink(link, store) };
}
