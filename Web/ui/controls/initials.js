/** What stands for a person where there is little room. */

/**
 * One or two letters that stand for a name.
 *
 * @param {string} name
 */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  // Brackets and the like are no initials, unless there is nothing else.
  const first = (/** @type {string} */ word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.exec(word)?.[0] ?? [...word][0] ?? '';
  return letters.map((word) => first(word ?? '')).join('').toUpperCase();
}
