/** Words, times and names as people read them. */

/**
 * A text in pieces, each with an address if it is a link. Only `http:` and `https:` become links.
 *
 * @param {string} text
 * @returns {{ text: string, href?: string }[]}
 */
export function linkify(text) {
  /** @type {{ text: string, href?: string }[]} */
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
    const address = trimAddress(match[0]);
    if (!isAddress(address)) continue;
    const start = match.index ?? 0;
    if (start > end) parts.push({ text: text.slice(end, start) });
    parts.push({ text: address, href: address });
    end = start + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/**
 * Leaves out what ends the sentence and not the address.
 *
 * @param {string} address
 */
function trimAddress(address) {
  let trimmed = address.replace(/[.,;:!?'*]+$/, '');
  while (trimmed.endsWith(')') && trimmed.split(')').length > trimmed.split('(').length) {
    trimmed = trimmed.slice(0, -1).replace(/[.,;:!?'*]+$/, '');
  }
  return trimmed;
}

/** @param {string} text */
function isAddress(text) {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

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

/**
 * One of eight colours for a name, always the same one.
 *
 * @param {string} name
 */
export function colourIndex(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % 8;
}

/** A longer name of a file is cut, in characters; its ending stays. */
const fileNameLimit = 120;

/**
 * A name under which a file from somebody else is safe to save: no path, no control characters, nothing that is not
 * seen or that turns the direction of reading and so hides the real ending, no leading dot.
 *
 * @param {string} name
 */
export function safeFileName(name) {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  const clean = base
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu, '')
    // Blanks of any width could push the ending out of sight.
    .replace(/[\p{Zs}\u2800]+/gu, ' ')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  const characters = [...clean];
  if (characters.length <= fileNameLimit) return clean || 'file';
  const ending = /\.[^.]{1,12}$/u.exec(clean)?.[0] ?? '';
  return characters.slice(0, fileNameLimit - [...ending].length).join('') + ending;
}
