/** The page: `/` asks for a name and a room, `/r/ROOM` is the room. */

import { direction, useLanguage } from './i18n/t.js';
import { basePath, roomInPath } from './state/addresses.js';
import { roomProblem } from './state/names.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
document.documentElement.lang = await useLanguage(navigator.languages);
document.documentElement.dir = direction();

const room = roomInPath(location.pathname);
const problem = room === undefined ? undefined : roomProblem(room);
if (room !== undefined && problem === undefined) {
  const { showRoom } = await import('./ui/room/room.js');
  // Before anything else is made, which then has the faults that are asked for.
  const debug = new URLSearchParams(location.search).has('debug') ? await import('./ui/debug/debug.js') : undefined;
  showRoom(root, room, await debug?.startDebugging());
} else {
  const { showHome } = await import('./ui/home/home.js');
  if (problem) showHome(root, { room, problem });
  else showHome(root, location.pathname === basePath() ? {} : { problem: { key: 'home.not-found' } });
}
