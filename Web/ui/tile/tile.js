/** One participant: picture or initials, name, and what is worth knowing about them. */

import { isolate } from '../../i18n/isolate.js';
import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { colourIndex, initials } from '../../state/format.js';
import { personName } from '../controls/controls.js';
import { icon } from '../icons.js';

/**
 * @typedef {object} TileState
 * @property {string} name
 * @property {{ audio: boolean, video: boolean, screen: boolean }} status
 * @property {RTCPeerConnectionState} connection
 * @property {import('../../call/route.js').Route} [route]  the way to the peer, when it is known
 * @property {boolean} isAway
 * @property {MediaStream} stream
 */

/** @param {string} id  of the peer, or `self` */
export function createTile(id) {
  const isSelf = id === 'self';
  const video = h('video', { autoplay: true, playsinline: true });
  video.muted = isSelf;
  const avatar = h('div', { class: 'avatar', 'aria-hidden': 'true' });
  const muted = h('span', { class: 'muted-mark', role: 'img', 'aria-label': 'Muted' }, icon('microphoneOff'));
  const [name, ...mark] = personName('', { class: 'name', isSelf });
  const route = createRouteMark();
  const note = h('p', { class: 'tile-note' });
  const play = h('button', { type: 'button', class: 'tile-play', hidden: true, onclick: start }, icon('sound'), 'Tap to hear');
  const element = h('article', { class: 'tile', 'data-peer': id }, video, avatar, note, h('div', { class: 'tile-bar' }, muted, name, ...mark, route.element), play);

  return { element, update, setSpeaking };

  /** @param {TileState} state */
  function update({ name: called, status, connection, route: way, isAway, stream }) {
    name.textContent = called;
    element.setAttribute('aria-label', isSelf ? `You, ${isolate(called)}` : `Participant ${isolate(called)}`);
    avatar.textContent = initials(called);
    avatar.dataset['colour'] = String(colourIndex(called));
    Object.assign(element.dataset, {
      audio: onOff(status.audio),
      video: onOff(status.video),
      screen: onOff(status.screen),
      connection,
    });
    if (way) element.dataset['route'] = way;
    else delete element.dataset['route'];
    route.update(way);
    muted.hidden = status.audio;
    const isSeen = status.video || status.screen;
    element.classList.toggle('is-dark', !isSeen);
    video.classList.toggle('mirrored', isSelf && !status.screen);
    note.textContent = isSelf ? '' : trouble(connection, isAway);
    if (video.srcObject !== stream) {
      video.srcObject = stream;
      start();
    }
  }

  /** @param {boolean} isSpeaking */
  function setSpeaking(isSpeaking) {
    element.classList.toggle('is-speaking', isSpeaking);
  }

  function start() {
    video.play().then(
      () => {
        play.hidden = true;
      },
      (error) => {
        // A browser may want a click before it lets a page make a sound.
        play.hidden = isSelf || error?.name !== 'NotAllowedError';
      },
    );
  }
}

/** A quiet word on the way that sound and picture take; in a small tile a sign is left of it. */
function createRouteMark() {
  const words = h('span', { class: 'route-words' });
  const element = h('span', { class: 'route', role: 'img', hidden: true });
  /** @type {import('../../call/route.js').Route | undefined} */
  let shown;
  return { element, update };

  /** @param {import('../../call/route.js').Route | undefined} way */
  function update(way) {
    element.hidden = way === undefined;
    if (way === undefined || way === shown) return;
    shown = way;
    const transport = way.slice('relay-'.length).toUpperCase();
    const long = way === 'direct' ? t('route.direct-long') : t('route.relay-long', { transport });
    words.textContent = way === 'direct' ? t('route.direct') : t('route.relay', { transport });
    element.title = long;
    element.setAttribute('aria-label', long);
    element.replaceChildren(icon(way === 'direct' ? 'direct' : 'relay'), words);
  }
}

/** @param {boolean} value */
function onOff(value) {
  return value ? 'on' : 'off';
}

/** @param {RTCPeerConnectionState} connection @param {boolean} isAway */
function trouble(connection, isAway) {
  switch (connection) {
    case 'new':
    case 'connecting':
      return 'Connecting…';
    case 'disconnected':
      return 'Connection is unsteady…';
    case 'failed':
      return 'Reconnecting…';
    case 'closed':
      return 'Gone';
    default:
      return isAway ? 'Off the server' : '';
  }
}
