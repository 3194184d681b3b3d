/** As what a call is recorded, and how the file is called. */

/** @typedef {{ type: string, ending: string }} Format */

/** The better ones first: what most players and browsers play, then what Safari writes. */
const formats = [
  { type: 'video/webm;codecs=vp9,opus', ending: 'webm', isCostly: true },
  { type: 'video/webm;codecs=vp8,opus', ending: 'webm' },
  { type: 'video/webm', ending: 'webm' },
  { type: 'video/mp4;codecs=avc1.640028,mp4a.40.2', ending: 'mp4' },
  { type: 'video/mp4', ending: 'mp4' },
];
/** With fewer processors than that the call itself needs them. */
const manyProcessors = 8;

/**
 * @param {(type: string) => boolean} isSupported
 * @param {number} processors
 * @returns {Format | undefined} nothing where the browser records nothing that it could
 */
export function formatOf(isSupported, processors) {
  const found = formats.find(({ type, isCostly }) => (!isCostly || processors >= manyProcessors) && isSupported(type));
  return found && { type: found.type, ending: found.ending };
}

/** What this browser records as; nothing where it cannot. */
export function ownFormat() {
  if (typeof MediaRecorder !== 'function' || typeof AudioContext !== 'function' || typeof HTMLCanvasElement.prototype.captureStream !== 'function') return undefined;
  return formatOf((type) => MediaRecorder.isTypeSupported(type), navigator.hardwareConcurrency);
}

/**
 * @param {string} room  whose name has no characters but those that any file system takes
 * @param {Date} time  when it begins
 * @param {string} ending
 */
export function recordingName(room, time, ending) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${room} ${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join('.')}.${ending}`;
}
