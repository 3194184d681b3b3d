/** One participant: picture or initials, name, and what is worth knowing about them. */

import { t } from '../../i18n/t.js';
import { createAvatar, personName } from '../controls/controls.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { cropLimit, pictureBox } from '../stage/grid.js';

/** @typedef {import('../../state/peers.js').PeerView} TileView */

/**
 * @param {object} options
 * @param {string} options.id  of the peer, or `self`
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {() => void} options.onResize  the picture has another shape
 */
export function createTile({ id, store, onResize }) {
  const isSelf = id === 'self';
  const video = h('video', { autoplay: true, playsinline: true, onresize: onResize });
  video.muted = isSelf;
  const avatar = createAvatar();
  const muted = h('span', { class: 'muted-mark', role: 'img', 'aria-label': t('tile.muted') }, icon('microphoneOff'));
  const [name, ...mark] = personName('', { class: 'name', isSelf });
  const route = createRouteMark();
  const note = createNote();
  const play = h('button', { type: 'button', class: 'tile-play', hidden: true, onclick: start }, icon('sound'), t('tile.play'));
  const label = t('tile.feature');
  const pin = h('button', { type: 'button', class: 'tile-pin', title: label, 'aria-label': label, 'aria-pressed': 'false', onclick: togglePin }, icon('enlarge'));
  const bar = h('div', { class: 'tile-bar' }, muted, name, ...mark, route.element);
  const element = h('article', { class: 'tile', 'data-peer': id }, video, avatar.element, note.element, bar, pin, play);
  let size = { width: 0, height: 0 };
  let isScreen = false;

  return { id, element, update, place, setSpeaking, close };

  /** @param {TileView} view */
  function update({ name: called, status, connection, route: way, isAway, stream, trouble }) {
    if (name) name.textContent = called;
    element.setAttribute('aria-label', t(isSelf ? 'tile.self' : 'tile.participant', { name: called }));
    avatar.show(called, store.get().colours);
    Object.assign(element.dataset, { audio: onOff(status.audio), video: onOff(status.video), screen: onOff(status.screen), connection });
    if (way) element.dataset['route'] = way;
    else delete element.dataset['route'];
    route.update(way);
    muted.hidden = status.audio;
    isScreen = status.screen;
    element.classList.toggle('is-dark', !status.video && !status.screen);
    video.classList.toggle('mirrored', isSelf && !isScreen);
    if (isSelf) note.show('');
    else note.show(words(connection, isAway, trouble), trouble);
    if (video.srcObject !== stream) {
      video.srcObject = stream;
      start();
    }
    fit();
  }

  /** @param {import('../stage/grid.js').Size} given @param {{ isMain: boolean, isPinned: boolean }} how */
  function place(given, { isMain, isPinned }) {
    size = given;
    element.style.width = `${size.width}px`;
    element.style.height = `${size.height}px`;
    element.classList.toggle('is-main', isMain);
    pin.setAttribute('aria-pressed', String(isPinned));
    fit();
  }

  /** A camera fills the tile as far as little is lost by it; of a screen nothing is cut off. */
  function fit() {
    if (video.videoWidth === 0 || size.width === 0) return;
    const box = pictureBox(size, { width: video.videoWidth, height: video.videoHeight }, isScreen ? 0 : cropLimit);
    video.style.width = `${Math.round(box.width)}px`;
    video.style.height = `${Math.round(box.height)}px`;
  }

  function togglePin() {
    const { pinned } = store.get().peers;
    store.apply({ type: 'pinned', id: pinned === id ? undefined : id });
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

  function close() {
    video.srcObject = null;
  }
}

/** A quiet word on the way that sound and picture take; in a small tile a sign is left of it. */
function createRouteMark() {
  const short = h('span', { class: 'route-words' });
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
    short.textContent = way === 'direct' ? t('route.direct') : t('route.relay', { transport });
    element.title = long;
    element.setAttribute('aria-label', long);
    element.replaceChildren(icon(way === 'direct' ? 'direct' : 'relay'), short);
  }
}

/** What is wrong with the connection; with the reason, if it takes long. */
function createNote() {
  const short = h('span', {});
  const reason = h('span', { class: 'tile-reason' });
  const address = relayOnlyAddress();
  const again = h('a', { class: 'tile-again', href: address }, t('tile.relay-only'));
  const element = h('div', { class: 'tile-note', hidden: true }, short, reason, again);
  return {
    element,
    /** @param {string} text @param {import('../../i18n/t.js').Key} [why] */
    show(text, why) {
      element.hidden = text === '';
      element.classList.toggle('has-reason', why !== undefined);
      short.textContent = text;
      reason.textContent = why ? t(why) : '';
      reason.hidden = why === undefined;
      // It helps where there is a relay that answers, and is not all that is tried already.
      again.hidden = why !== 'tile.no-path' || address === undefined;
    },
  };
}

/** This page, connecting through the server alone; nothing if it does so. */
function relayOnlyAddress() {
  const query = new URLSearchParams(location.search);
  if (query.get('relay') === 'only') return undefined;
  query.set('relay', 'only');
  return `${location.pathname}?${query}`;
}

/** @param {boolean} value */
function onOff(value) {
  return value ? 'on' : 'off';
}

/**
 * @param {RTCPeerConnectionState} connection
 * @param {boolean} isAway
 * @param {import('../../i18n/t.js').Key | undefined} trouble
 */
function words(connection, isAway, trouble) {
  if (isAway && connection !== 'connected') return t('tile.away');
  switch (connection) {
    case 'new':
    case 'connecting':
      return t(trouble ? 'tile.unreachable' : 'tile.connecting');
    case 'disconnected':
      return t('tile.unsteady');
    case 'failed':
      return t(trouble ? 'tile.unreachable' : 'tile.reconnecting');
    case 'closed':
      return t('tile.gone');
    default:
      return isAway ? t('tile.away') : '';
  }
}
