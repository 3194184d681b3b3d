/** Who is in the room, and what whoever hosts it may do: let in those who wait, and lock it. */

import { t } from '../../i18n/t.js';
import { handOf, isHost, isModerator, mayLower, othersOf } from '../../state/members.js';
import { createAvatar, personName } from '../controls/controls.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { keyed } from '../keyed.js';
import { createHandMark, createRecordMark } from '../tile/marks.js';
import { createWays } from './ways.js';

/**
 * What is said of a role; most have none.
 *
 * @type {Partial<Record<import('../../state/members.js').Member['role'], import('../../i18n/t.js').Key>>}
 */
const roles = { host: 'people.host', moderator: 'people.moderator', guest: 'people.guest' };

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {AbortSignal} options.signal
 */
export function createPeople({ store, session, signal }) {
  const list = h('ul', { id: 'people', class: 'people', 'aria-label': t('side.people-list') });
  const others = h('p', { class: 'others' });
  const waiting = h('ul', { id: 'waiting-list', class: 'people' });
  const waitingPart = h('section', { class: 'waiting-part', role: 'status' }, h('h3', {}, t('people.waiting')), waiting);
  /** @type {HTMLInputElement} */
  const isLocked = h('input', { id: 'lock', type: 'checkbox', onchange: () => change(session.lock(isLocked.checked)) });
  const lock = h('div', { class: 'option lock' }, isLocked, h('label', { for: 'lock' }, t('people.lock')));
  /** @type {HTMLInputElement} */
  const newcomersWait = h('input', { id: 'newcomers-wait', type: 'checkbox', onchange: () => change(session.letWait(newcomersWait.checked)) });
  const wait = h('div', { class: 'option lock' }, newcomersWait, h('label', { for: 'newcomers-wait' }, t('people.let-wait')));
  const lowerAll = h('button', { type: 'button', class: 'small lower-all', onclick: () => session.lowerHand() }, icon('hand'), t('people.lower-all'));
  const element = h('div', {}, waitingPart, lowerAll, list, others, wait, lock, createWays({ store, signal }).element);
  store.watch(({ members }) => members, show, { signal });
  return { element };

  /** @param {import('../../state/members.js').Members} members */
  function show(members) {
    const { colours } = store.get();
    const rows = members.list.map((member) => ({ ...member, isSelf: member.id === members.self, turn: handOf(members, member.id), isLowerable: mayLower(members, member) }));
    lowerAll.hidden = rows.filter(({ isLowerable }) => isLowerable).length < 2;
    keyed(list, rows, ({ id, isSelf }) => `${id} ${isSelf}`, (member) => makeRow(member, session), (row, member) => row.show(member, colours));
    others.hidden = othersOf(members) === 0;
    others.textContent = t('side.others', { count: othersOf(members) });
    keyed(waiting, members.waiting, ({ id, name }) => `${id} ${name}`, makeWaiting, () => undefined);
    waitingPart.hidden = members.waiting.length === 0;
    lock.hidden = !isModerator(members);
    isLocked.checked = members.isLocked;
    wait.hidden = !isHost(members);
    newcomersWait.checked = members.newcomersWait;
  }

  /** @param {Promise<boolean>} asked  whether it is done; where it is refused the box shows what holds */
  async function change(asked) {
    if (!(await asked)) show(store.get().members);
  }

  /** @param {import('../../state/members.js').Waiting} person */
  function makeWaiting({ id, name }) {
    const button = (/** @type {boolean} */ isLetIn, /** @type {string} */ words, /** @type {string} */ label) =>
      h('button', { type: 'button', class: isLetIn ? 'primary small' : 'small', 'aria-label': label, onclick: () => session.answer(id, isLetIn) }, words);
    return {
      element: h(
        'li', {}, h('span', { class: 'who' }, ...personName(name, { class: 'name', isSelf: false })),
        button(true, t('people.admit'), t('people.admit-one', { name })),
        button(false, t('people.deny'), t('people.deny-one', { name })),
      ),
    };
  }
}

/** @param {{ id: string, isSelf: boolean }} person @param {import('../../session.js').Session} session */
function makeRow({ id, isSelf }, session) {
  const avatar = createAvatar();
  const [name, ...mark] = personName('', { class: 'name', isSelf });
  const hand = createHandMark();
  const record = createRecordMark().element;
  const role = h('span', { class: 'role' });
  const lower = h('button', { type: 'button', class: 'small lower', onclick: () => session.lowerHand(id) }, t('people.lower'));
  const element = h('li', {}, avatar.element, name, ...mark, record, hand.element, lower, role);
  return {
    element,
    /** @param {import('../../state/members.js').Member & { turn: number, isLowerable: boolean }} member @param {import('../../state/colours.js').Colours} colours */
    show({ name: called, role: kind, away, call, turn, isLowerable }, colours) {
      avatar.show(called, colours);
      if (name) name.textContent = called;
      hand.update(turn);
      lower.hidden = !isLowerable;
      lower.setAttribute('aria-label', t('people.lower-one', { name: called }));
      record.hidden = call?.recording !== true;
      const words = roles[kind];
      role.textContent = words ? t(words) : '';
      element.classList.toggle('is-away', away);
      element.title = away ? t('people.away') : '';
    },
  };
}
