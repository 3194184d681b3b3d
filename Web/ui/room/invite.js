/**
 * How others are invited: with the link of the room, copied, or given to the share sheet of the system.
 *
 * @typedef {object} Surroundings  the parts of the window that are used
 * @property {{ origin: string }} location
 * @property {{ share?: (data: { title: string, url: string }) => Promise<void>, clipboard?: { writeText: (text: string) => Promise<void> } }} navigator
 * @property {(words: string, text: string) => unknown} prompt
 *
 * @typedef {import('../../state/state.js').PageStore} PageStore
 */

import { t } from '../../i18n/t.js';
import { basePath, roomPath } from '../../state/addresses.js';

/** @param {string} room @param {Pick<Surroundings, 'location'>} [surroundings] */
export function inviteAddress(room, surroundings = window) {
  return `${surroundings.location.origin}${roomPath(room)}`;
}

/**
 * Where the server has the link as a picture. The origin is that of the page: a proxy may have changed it for the server.
 *
 * @param {string} room
 * @param {Pick<Surroundings, 'location'>} [surroundings]
 */
export function codeAddress(room, surroundings = window) {
  return `${basePath()}api/qr.svg?${new URLSearchParams({ room, origin: surroundings.location.origin })}`;
}

/**
 * Whether there is a share sheet.
 *
 * @param {Pick<Surroundings, 'navigator'>} [surroundings]
 */
export function canShare(surroundings = window) {
  return typeof surroundings.navigator.share === 'function';
}

/** @param {PageStore} store @param {string} room @param {Surroundings} [surroundings] */
export async function copyLink(store, room, surroundings = window) {
  const { navigator } = surroundings;
  const link = inviteAddress(room, surroundings);
  try {
    if (!navigator.clipboard) throw new TypeError();
    await navigator.clipboard.writeText(link);
    store.apply({ type: 'notice', sentence: { key: 'call.link-copied' } });
  } catch {
    // Without HTTPS, or permission, there is no clipboard.
    surroundings.prompt(t('call.copy-link'), link);
  }
}

/** @param {PageStore} store @param {string} room @param {Surroundings} [surroundings] */
export async function shareLink(store, room, surroundings = window) {
  try {
    await surroundings.navigator.share?.({ title: t('app.title', { room }), url: inviteAddress(room, surroundings) });
  } catch (error) {
    // Whoever closes the sheet wants nothing of it.
    if (/** @type {{ name?: string }} */ (error)?.name !== 'AbortError') await copyLink(store, room, surroundings);
  }
}
