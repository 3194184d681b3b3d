/** The page: `/` asks for a name and a room, `/r/ROOM` is the room. */

import { direction, useLanguage } from './i18n/t.js';
import { basePath, roomInPath } from './state/addresses.js';
import { roomProblem } from './state/names.js';
import { showHome } from './ui/home/home.js';
import { showRoom } from './ui/room/room.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
document.documentElement.lang = await useLanguage(navigator.languages);
document.documentElement.dir = direction();

const room = roomInPath(location.pathname);
if (room === undefined) showHome(root, location.pathname === basePath() ? {} : { problem: { key: 'home.not-found' } });
else if (roomProblem(room) !== undefined) showHome(root, { room, problem: roomProblem(room) });
else showRoom(root, room);
