/**
 * Names of rooms and people: what is allowed.
 *
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 */

/** As many characters as the server takes. */
export const roomLimit = 64;
export const nameLimit = 64;

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
 * @returns {Sentence | undefined}
 */
export function roomProblem(room) {
  if (room === '') return { key: 'room.unnamed' };
  if (room.length > roomLimit) return { key: 'room.too-long', values: { count: roomLimit } };
  if (!/^[a-zA-Z0-9\-_.]+$/.test(room)) return { key: 'room.characters' };
  if (room === '.' || room === '..') return { key: 'room.dots' };
  return undefined;
}

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
 * @returns {Sentence | undefined}
 */
export function nameProblem(name) {
  const person = personFrom(name);
  if (person === '') return { key: 'name.missing' };
  if ([...person].length > nameLimit) return { key: 'name.too-long', values: { count: nameLimit } };
  // Where there is white space that is more than a blank, something else was meant.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name.trim())) return { key: 'name.control' };
  if (bidiControl.test(person)) return { key: 'name.direction' };
  if (invisible.test(person) || strayJoiner.test(person)) return { key: 'name.invisible' };
  if (!visible.test(person)) return { key: 'name.unseen' };
  if (/[\p{Co}\p{Cs}]|\p{M}{5}/u.test(person)) return { key: 'name.unshown' };
  return undefined;
}
