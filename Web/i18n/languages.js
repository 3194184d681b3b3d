/** Which languages there are words for: another one is its catalogue and its line here. */

/** @type {Record<string, () => Promise<{ default: import('./t.js').Catalogue }>>} */
const catalogues = {
  ar: () => import('./ar.js'),
  de: () => import('./de.js'),
  en: () => import('./en.js'),
};

/** Languages that are read from right to left, by the first part of their tags. */
const rightToLeft = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']);

/** The tags that there is a catalogue for. */
export const languages = Object.keys(catalogues);

/** @param {string} tag  one of `languages` */
export async function catalogueOf(tag) {
  return (await catalogues[tag]?.())?.default ?? {};
}

/**
 * The language to speak with somebody: `pt-BR` is served by `pt` where it has no words of its own.
 *
 * @param {readonly string[]} wanted  tags, the best one first
 * @param {readonly string[]} [offered]
 */
export function closest(wanted, offered = languages) {
  for (const tag of wanted) {
    const parts = tag.toLowerCase().split('-');
    for (let count = parts.length; count > 0; count -= 1) {
      const start = parts.slice(0, count).join('-');
      const found = offered.find((other) => other.toLowerCase() === start);
      if (found !== undefined) return found;
    }
  }
  return 'en';
}

/** @param {string} tag @returns {'ltr' | 'rtl'} */
export function directionOf(tag) {
  return rightToLeft.has(tag.toLowerCase().split('-')[0] ?? '') ? 'rtl' : 'ltr';
}
