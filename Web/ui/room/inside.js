/** All that comes after the lobby, with its styles, in one piece. */

import '../../stay.js';
import { loadStyles } from '../styles.js';

export { createCall } from '../call/call.js';
export { createDevices } from '../devices/devices.js';
export { createLeft } from '../left/left.js';
export { createWaiting } from '../left/waiting.js';

/** The parts whose looks come with it. */
const parts = ['call', 'chat', 'check', 'devices', 'invite', 'left', 'menu', 'notices', 'people', 'pip', 'reactions', 'record', 'sharing', 'side', 'stage', 'stats', 'tile', 'toolbar', 'transfers', 'verify', 'zoom'];

await loadStyles(parts.map((part) => new URL(`../${part}/${part}.css`, import.meta.url).href));
