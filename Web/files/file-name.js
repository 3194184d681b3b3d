/** Names of files that come from somebody else. */

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
