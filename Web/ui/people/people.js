/** Who is in the room. */

import { t } from '../../i18n/t.js';
import { othersOf } from '../../state/people.js';
import { createAvatar, personName } from '../controls/controls.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createPeople({ store, signal }) {
  const list = h('ul', { id: 'people', class: 'people', 'aria-label': t('side.people-list') });
  const others = h('p', { class: 'others' });
  const element = h('div', {}, list, others);
  store.watch(({ people }) => people, show, { signal });
  return { element };

  /** @param {import('../../state/people.js').People} people */
  function show(people) {
    const { colours } = store.get();
    const rows = people.named.map(({ id, name }) => ({ id, name, isSelf: id === people.self }));
    keyed(list, rows, ({ id, isSelf }) => `${id} ${isSelf}`, makeRow, (row, { name }) => row.show(name, colours));
    others.hidden = othersOf(people) === 0;
    others.textContent = t('side.others', { count: othersOf(people) });
  }
}

/** @param {{ isSelf: boolean }} person */
function makeRow({ isSelf }) {
  const avatar = createAvatar();
  const [name, ...mark] = personName('', { class: 'name', isSelf });
  const element = h('li', {}, avatar.element, name, ...mark);
  return {
    element,
    /** @param {string} called @param {import('../../state/colours.js').Colours} colours */
    show(called, colours) {
      avatar.show(called, colours);
      if (name) name.textContent = called;
    },
  };
}
