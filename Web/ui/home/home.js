/** The first screen: who, and where to. */

import { say } from '../../i18n/t.js';
import { h } from '../dom.js';
import { nameProblem, personFrom, roomFrom, roomProblem } from '../../state/names.js';
import { rememberName, suggestedName } from '../../state/settings.js';
import { suggestRoom } from '../../state/suggestion.js';
import { icon } from '../icons.js';

/**
 * @param {HTMLElement} root
 * @param {string} refused  the room in the address, if it cannot be one
 */
export function showHome(root, refused) {
  const name = h('input', { id: 'name', name: 'name', autocomplete: 'name', maxlength: 64, dir: 'auto', required: true, placeholder: 'How others see you' });
  name.value = suggestedName();
  const room = h('input', { id: 'room', name: 'room', maxlength: 64, required: true, autocapitalize: 'none', spellcheck: 'false', autocomplete: 'off' });
  room.value = refused || suggestRoom();
  const problem = h('p', { class: 'problem', role: 'alert' });
  const refusal = refused ? roomProblem(refused) : undefined;
  problem.textContent = refusal ? say(refusal) : '';

  const form = h(
    'form',
    { class: 'card entry', novalidate: true, onsubmit: enter },
    h('div', { class: 'field' }, h('label', { for: 'name' }, 'Your name'), name),
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'room' }, 'Room'),
      h(
        'div',
        { class: 'with-button' },
        room,
        h('button', { type: 'button', class: 'quiet square', 'aria-label': 'Suggest another room', title: 'Suggest another room', onclick: suggest }, icon('dice')),
      ),
      h('p', { class: 'hint' }, 'Whoever opens the same room is in the same call. Share its link to invite others.'),
    ),
    problem,
    h('button', { id: 'enter', class: 'primary wide', type: 'submit' }, 'Continue'),
  );

  root.replaceChildren(
    h(
      'main',
      { id: 'home', class: 'page' },
      h('header', { class: 'hero' }, h('img', { src: '/favicon.svg', alt: '', width: 56, height: 56 }), h('h1', {}, 'LinkUp'), h('p', {}, 'Talk, write and share files, face to face.')),
      form,
    ),
  );
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
    location.assign(`/r/${encodeURIComponent(room.value)}${rest && `?${rest}`}`);
  }
}
