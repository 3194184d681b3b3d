/** What a person shows for a moment, on the tile; screen readers hear of it elsewhere. */

import { t } from '../../i18n/t.js';
import { reactionOf } from '../../state/stage/reactions.js';
import { h } from '../dom.js';
import { pictures } from './pictures.js';

/**
 * @param {object} options
 * @param {string} options.id  of the peer, or `self`
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createReactionMark({ id, store, signal }) {
  const element = h('span', { class: 'reaction-mark', 'aria-hidden': 'true', hidden: true });
  store.watch(({ reactions, members }) => reactionOf(reactions, id === 'self' ? members.self : id), show, { signal });
  return { element };

  /** @param {ReturnType<typeof reactionOf>} reaction */
  function show(reaction) {
    element.hidden = reaction === undefined;
    if (!reaction) return;
    const { code, count } = reaction;
    element.dataset['reaction'] = code;
    // Made anew, so that it moves once more.
    element.replaceChildren(h('span', { class: 'reaction-picture' }, pictures[code]), count > 1 ? h('span', { class: 'reaction-count' }, t('reaction.count', { count })) : '');
  }
}
