/** What people show, in words, for those who hear the page. */

import { t } from '../../i18n/t.js';

/** So many are named; of more it is said how many they are. */
const namesLimit = 3;

/**
 * Who shows what at present, but for oneself.
 *
 * @param {Pick<import('../../state/state.js').State, 'members' | 'reactions'>} state
 */
export function wordsOf({ members, reactions }) {
  /** @type {Map<import('../../state/stage/reactions.js').ReactionCode, string[]>} */
  const byCode = new Map();
  for (const { id, code } of reactions.list) {
    if (id === members.self) continue;
    // In a large room not everybody has a name here.
    const name = members.list.find((member) => member.id === id)?.name ?? '';
    byCode.set(code, [...(byCode.get(code) ?? []), name]);
  }
  return [...byCode].map(([code, names]) => sentenceOf(t(`reaction.${code}`), names)).join(' ');
}

/** @param {string} what @param {string[]} names */
function sentenceOf(what, names) {
  const known = names.filter((name) => name !== '');
  if (known.length < names.length || names.length > namesLimit) return t('reaction.said-many', { what, count: names.length });
  return t('reaction.said', { what, names });
}
