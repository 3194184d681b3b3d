/** Names of rooms and people: what is allowed. */

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

/** As many characters as the server takes. */
const nameLimit = 64;

/** Marks that turn the direction of reading, of what follows the name as well. */
const bidiControl = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** Characters of no width: with them two names look like one. */
const invisible = /[\u00ad\u200b\u2060\ufeff]/u;
/** U+200C and U+200D have a use: between letters of some scripts, and in emoji that are made of others. */
const strayJoiner =
  /(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{Extended_Pictographic}])/u;
/** A character that shows something by itself. */
const visible = /(?=[\p{L}\p{N}\p{P}\p{S}])[^\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * The name of a person in the one form in which it is sent.
 *
 * @param {string} name
 */
export function personFrom(name) {
  return name.trim().replace(/\p{White_Space}+/gu, ' ').normalize('NFC');
}

/**
 * What is wrong with the name of a person, or nothing. The server has the same rules.
 *
 * @param {string} name
 */
export function nameProblem(name) {
  const person = personFrom(name);
  if (person === '') return 'Please tell your name.';
  if ([...person].length > nameLimit) return `A name has at most ${nameLimit} characters.`;
  // Where there is white space that is more than a blank, something else was meant.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name.trim())) return 'A name has no control characters.';
  if (bidiControl.test(person)) return 'A name has no marks that change the direction of reading.';
  if (invisible.test(person) || strayJoiner.test(person)) return 'A name has no invisible characters.';
  if (!visible.test(person)) return 'A name needs a character that can be seen.';
  if (/[\p{Co}\p{Cs}]|\p{M}{5}/u.test(person)) return 'A name has no characters that cannot be shown.';
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
