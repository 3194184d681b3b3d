/** The first screen: who, and where to. */

import { say, t } from '../../i18n/t.js';
import { roomPath } from '../../state/addresses.js';
import { nameLimit, nameProblem, personFrom, roomFrom, roomLimit, roomProblem } from '../../state/names.js';
import { rememberName, suggestedName } from '../../state/settings.js';
import { field, heroPage } from '../controls/controls.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { suggestRoom } from './suggestion.js';

/**
 * @param {HTMLElement} root
 * @param {{ room?: string, problem?: import('../../i18n/t.js').Sentence }} [given]  a room to begin with, and what is wrong
 *   with the address of the page
 */
export function showHome(root, given = {}) {
  const name = h('input', { id: 'name', name: 'name', autocomplete: 'name', maxlength: nameLimit, dir: 'auto', required: true, placeholder: t('home.name-hint') });
  name.value = suggestedName();
  const room = h('input', { id: 'room', name: 'room', maxlength: roomLimit, required: true, autocapitalize: 'none', spellcheck: 'false', autocomplete: 'off' });
  room.value = given.room ?? suggestRoom();
  const problem = h('p', { class: 'problem', role: 'alert' }, given.problem ? say(given.problem) : '');
  const another = t('home.suggest');
  const dice = h('button', { type: 'button', class: 'quiet square', 'aria-label': another, title: another, onclick: suggest }, icon('dice'));
  const form = h(
    'form',
    { class: 'card entry', novalidate: true, onsubmit: enter },
    field(t('home.name'), name),
    h('div', { class: 'field' }, h('label', { for: 'room' }, t('home.room')), h('div', { class: 'with-button' }, room, dice), h('p', { class: 'hint' }, t('home.hint'))),
    problem,
    h('button', { id: 'enter', class: 'primary wide', type: 'submit' }, t('home.continue')),
  );
  root.replaceChildren(heroPage('home', t('app.name'), t('app.welcome'), form));
  (name.value ? room : name).focus();

  function suggest() {
    room.value = suggestRoom();
    room.focus();
  }

  /** @param {SubmitEvent} event */
  function enter(event) {
    event.preventDefault();
    room.value = roomFrom(room.value);
    const nameIsWrong = nameProblem(name.value);
    const found = nameIsWrong ?? roomProblem(room.value);
    problem.textContent = found ? say(found) : '';
    name.setAttribute('aria-invalid', String(nameIsWrong !== undefined));
    room.setAttribute('aria-invalid', String(found !== nameIsWrong));
    if (found !== undefined) {
      (nameIsWrong ? name : room).focus();
      return;
    }
    rememberName(personFrom(name.value));
    const query = new URLSearchParams(location.search);
    query.delete('name');
    const rest = query.toString();
    location.assign(`${roomPath(room.value)}${rest && `?${rest}`}`);
  }
}
