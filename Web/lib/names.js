/** Names of rooms and people: what is allowed, and suggestions. */

const moods = ['calm', 'bright', 'gentle', 'lucky', 'merry', 'quiet', 'sunny', 'swift', 'warm', 'witty', 'brave', 'kind'];
const things = ['otter', 'maple', 'harbor', 'comet', 'meadow', 'falcon', 'lantern', 'river', 'willow', 'ember', 'island', 'robin'];

/**
 * A room name that can be read to somebody on the telephone.
 *
 * @param {() => number} [random]  0 to 1
 */
export function suggestRoom(random = Math.random) {
  const pick = (/** @type {string[]} */ words) => words[Math.floor(random() * words.length)];
  return `${pick(moods)}-${pick(things)}-${100 + Math.floor(random() * 900)}`;
}

/**
 * A room name made of what somebody typed.
 *
 * @param {string} text
 */
export function roomFrom(text) {
  return text.trim().replace(/\s+/g, '-');
}

/**
 * What is wrong with a room name, or nothing.
 *
 * @param {string} room
 */
export function roomProblem(room) {
  if (room === '') return 'Please name a room.';
  if (room.length > 64) return 'A room name has at most 64 characters.';
  if (!/^[a-zA-Z0-9\-_.]+$/.test(room)) return 'A room name is made of letters a–z, digits, hyphen, dot and underscore.';
  if (room === '.' || room === '..') return 'A room name needs more than dots.';
  return undefined;
}

/**
 * What is wrong with the name of a person, or nothing.
 *
 * @param {string} name
 */
export function nameProblem(name) {
  const trimmed = name.trim();
  if (trimmed === '') return 'Please tell your name.';
  if ([...trimmed].length > 64) return 'A name has at most 64 characters.';
  if (/[\u0000-\u001f\u007f-\u009f]/.test(trimmed)) return 'A name has no control characters.';
  return undefined;
}

/**
 * The room in the path of this page, if it is one.
 *
 * @param {string} path
 */
export function roomInPath(path) {
  const match = /^\/r\/([^/]+)\/?$/.exec(path);
  if (!match) return undefined;
  try {
    return decodeURIComponent(match[1] ?? '');
  } catch {
    return undefined;
  }
}
