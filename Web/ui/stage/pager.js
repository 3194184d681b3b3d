/** The way through the pages of a call of many: in a circle, so that no button of it ends. */

import { t } from '../../i18n/t.js';
import { pagesOf } from '../../state/stage/stage.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createPager({ store, signal }) {
  const number = h('span', { class: 'pager-number', role: 'status' });
  const before = h('button', { type: 'button', class: 'small pager-before', onclick: () => turn(-1) }, icon('next'), h('span', {}, t('pages.previous')));
  const after = h('button', { type: 'button', class: 'small', onclick: () => turn(1) }, h('span', {}, t('pages.next')), icon('next'));
  const element = h('nav', { class: 'pager', 'aria-label': t('pages.title') }, before, number, after);
  store.watch((state) => pagesOf(state).count, show, { signal });
  store.watch((state) => pagesOf(state).page, show, { signal });
  return { element };

  function show() {
    const { page, count } = pagesOf(store.get());
    element.hidden = count < 2;
    number.textContent = t('pages.number', { page: page + 1, pages: count });
  }

  /** @param {number} step */
  function turn(step) {
    const { page, count } = pagesOf(store.get());
    store.apply({ type: 'page', page: (page + step + count) % count });
  }
}
