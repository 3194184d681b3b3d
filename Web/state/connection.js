/**
 * The way to the server, and where the person is.
 *
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 *
 * @typedef {object} Connection
 * @property {'home' | 'lobby' | 'waiting' | 'call' | 'left'} screen
 * @property {string} room
 * @property {string} name  of this member
 * @property {boolean} isConnected
 * @property {boolean} isElsewhere  whether the call goes on in another page of this member
 * @property {Sentence | undefined} trouble  why what is said is not stored at present
 * @property {Sentence | undefined} refusal  why this member was put out
 * @property {number} clock  how far the server's clock is ahead of this one, in milliseconds
 *
 * @typedef {{ type: 'lobby', room: string }
 *   | { type: 'entering', name: string }
 *   | { type: 'connected' }
 *   | { type: 'waiting' }
 *   | { type: 'joined' }
 *   | { type: 'elsewhere', isElsewhere: boolean }
 *   | { type: 'lost' }
 *   | { type: 'trouble', trouble: Sentence | undefined }
 *   | { type: 'left', refusal?: Sentence }
 *   | { type: 'clock', ahead: number }} ConnectionEvent
 */

import { changed } from './store.js';

/** What a message takes on its way is no difference of clocks, in milliseconds. */
const clockTolerance = 60_000;

/** @type {Connection} */
export const noConnection = { screen: 'home', room: '', name: '', isConnected: true, isElsewhere: false, trouble: undefined, refusal: undefined, clock: 0 };

/** @param {Connection} connection @param {ConnectionEvent | { type: '' }} event @returns {Connection} */
export function reduceConnection(connection, event) {
  switch (event.type) {
    case 'lobby':
      return { ...noConnection, screen: 'lobby', room: event.room, clock: connection.clock };
    case 'entering':
      return { ...connection, screen: 'call', name: event.name };
    case 'connected':
      return changed(connection, { isConnected: true });
    case 'lost':
      return changed(connection, { isConnected: false });
    case 'waiting':
      return changed(connection, { screen: 'waiting' });
    case 'joined':
      return connection.screen === 'waiting' ? { ...connection, screen: 'call' } : connection;
    case 'elsewhere':
      return changed(connection, { isElsewhere: event.isElsewhere });
    case 'trouble':
      return event.trouble?.key === connection.trouble?.key ? connection : { ...connection, trouble: event.trouble };
    case 'left':
      return changed(connection, { screen: 'left', refusal: event.refusal });
    case 'clock':
      return changed(connection, { clock: Math.abs(event.ahead) < clockTolerance ? 0 : event.ahead });
    default:
      return connection;
  }
}
