/** The page: `/` asks for a name and a room, `/r/ROOM` is the room. */

import { roomInPath, roomProblem } from './state/names.js';
import { showHome } from './ui/home/home.js';
import { Room } from './ui/room/room.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const room = roomInPath(location.pathname);

if (room === undefined) showHome(root, '');
else if (roomProblem(room) !== undefined) showHome(root, room);
else new Room(root, room).showLobby();
