/** Addresses in texts. */

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
