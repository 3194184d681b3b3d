/** One participant, or a screen that one shares: picture or initials, name, and what is worth knowing about them. */

import { playFrom } from '../../call/devices/speaker.js';
import { t } from '../../i18n/t.js';
import { isScreen, ownerOf } from '../../state/stage/tiles.js';
import { createAvatar, personName } from '../controls/controls.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { createReactionMark } from '../reactions/mark.js';
import { cropLimit, pictureBox } from '../stage/grid.js';
import { createZoom } from '../zoom/zoom.js';
import { createHandMark, createNote, createQualityMark, createRecordMark, createRouteMark, createTrustMark } from './marks.js';
import { createTools } from './tools.js';

/** @typedef {import('../../state/stage/tiles.js').TileView} TileView */

export class Tile {
  id;
  element;
  #store;
  #isSelf;
  #end = new AbortController();
  #isScreen = false;
  #hasPicture = false;
  #isHeld = false;
  #size = { width: 0, height: 0 };
  #video = h('video', { autoplay: true, playsinline: true });
  #avatar = createAvatar();
  #muted = h('span', { class: 'muted-mark', role: 'img', 'aria-label': t('tile.muted') }, icon('microphoneOff'));
  /** @type {HTMLElement | undefined} */
  #name;
  #hand = createHandMark();
  #record = createRecordMark().element;
  #route = createRouteMark();
  #note = createNote(() => this.#store.apply({ type: 'check', isOpen: true }));
  #play = h('button', { type: 'button', class: 'tile-play', hidden: true, onclick: () => this.#start() }, icon('sound'), t('tile.play'));
  #tools;
  /** @type {ReturnType<typeof createZoom> | undefined} */
  #zoom;
  /** Whether there is room to look into it. */
  #isLarge = false;

  /**
   * @param {object} options
   * @param {string} options.id  of the peer or of its screen, or `self`
   * @param {import('../../state/state.js').PageStore} options.store
   * @param {import('./tools.js').Commands} options.commands
   */
  constructor({ id, store, commands }) {
    this.id = id;
    this.#store = store;
    this.#isSelf = id === 'self';
    this.#video.muted = this.#isSelf;
    for (const name of ['resize', 'emptied']) this.#video.addEventListener(name, () => this.#fit());
    const [name, ...mark] = personName('', { class: 'name', isSelf: this.#isSelf });
    this.#name = name;
    const owner = ownerOf(id);
    const quality = this.#isSelf ? undefined : createQualityMark({ id: owner, store, signal: this.#end.signal });
    const bar = h('div', { class: 'tile-bar' }, this.#record, this.#hand.element, this.#muted, name, ...mark, this.#route.element, quality?.element);
    const trust = this.#isSelf ? [] : [createTrustMark({ id: owner, store, signal: this.#end.signal }).element];
    this.#tools = createTools({ id, store, commands, tile: () => this.element, signal: this.#end.signal });
    const foot = h('div', { class: 'tile-foot' }, bar, this.#tools.element);
    const parts = [this.#video, this.#avatar.element, this.#note.element, ...trust, foot, this.#play, createReactionMark({ id, store, signal: this.#end.signal }).element];
    this.element = h('article', { class: isScreen(id) ? 'tile is-screen' : 'tile', 'data-peer': id, ondblclick: (/** @type {MouseEvent} */ event) => this.#zoom?.doubleClick(event) || this.#tools.doubleClick(event) }, ...parts);
    if (isScreen(id)) this.#zoom = createZoom({ id, element: this.element, video: this.#video, store, signal: this.#end.signal });
  }

  /** @param {TileView} view */
  update({ name, status, connection, route, isAway, hand, isRecording, stream, trouble, isScreen, held }) {
    const { element } = this;
    if (this.#name) this.#name.textContent = isScreen ? t('tile.screen', { name }) : name;
    element.setAttribute('aria-label', t(this.#isSelf ? 'tile.self' : isScreen ? 'tile.screen' : 'tile.participant', { name }));
    this.#avatar.show(name, this.#store.get().colours);
    Object.assign(element.dataset, { audio: onOff(status.audio), video: onOff(status.video), screen: onOff(status.screen), connection });
    if (route) element.dataset['route'] = route;
    else delete element.dataset['route'];
    element.classList.toggle('has-hand', hand > 0);
    this.#hand.update(hand);
    this.#record.hidden = !isRecording;
    this.#route.update(route);
    this.#muted.hidden = status.audio;
    this.#isScreen = status.screen;
    this.#hasPicture = status.video || status.screen;
    this.#video.classList.toggle('mirrored', this.#isSelf && !this.#store.get().media.isFacingAway);
    this.#isHeld = (isScreen ? held.screen : held.camera) && connection === 'connected' && this.#hasPicture;
    element.dataset['held'] = onOff(this.#isHeld || (this.#isSelf && held.own));
    if (this.#isSelf) this.#note.show(held.own ? t('tile.holding') : '');
    else this.#note.show(words(connection, isAway, trouble) || (this.#isHeld ? t('tile.held') : ''), trouble);
    if (this.#video.srcObject !== stream) {
      this.#video.srcObject = stream;
      this.#start();
    }
    this.#fit();
  }

  /**
   * @param {import('../stage/grid.js').Size | undefined} size  nothing for whoever is out of view, and heard all the same
   * @param {{ isMain: boolean, isPinned: boolean, isFull: boolean }} how
   */
  place(size, { isMain, ...how }) {
    this.element.hidden = size === undefined;
    this.element.classList.toggle('is-main', isMain);
    this.#tools.show(how);
    this.#isLarge = isMain || how.isFull;
    if (!size) return;
    this.#size = size;
    this.element.style.width = `${size.width}px`;
    this.element.style.height = `${size.height}px`;
    this.#fit();
  }

  /** @param {import('../../state/stage/stage.js').Corner | undefined} corner  of the stage, where it can be moved from */
  setCorner(corner) {
    const { element } = this;
    if (element.dataset['corner'] === corner) return;
    if (corner) Object.assign(element.dataset, { corner });
    else delete element.dataset['corner'];
    element.tabIndex = corner ? 0 : -1;
    element.title = corner ? t('tile.move') : '';
  }

  /** @param {boolean} isSpeaking */
  setSpeaking(isSpeaking) {
    this.element.classList.toggle('is-speaking', isSpeaking);
  }

  /** @param {string | undefined} id  of the speaker to be heard from; the system's choice unless there is one */
  playOn(id) {
    if (!this.#isSelf) void playFrom(this.#video, id);
  }

  /** Lets go of the picture and the store. */
  close() {
    this.#end.abort();
    this.#video.srcObject = null;
  }

  /** A camera fills the tile as far as little is lost by it; of a screen nothing is cut off. */
  #fit() {
    const { videoWidth, videoHeight, style } = this.#video;
    // Who has a camera is not seen before it is connected.
    this.element.classList.toggle('is-dark', !this.#hasPicture || this.#isHeld || videoWidth === 0);
    if (videoWidth === 0 || this.#size.width === 0) {
      this.#zoom?.frameBy(undefined);
      return;
    }
    const box = pictureBox(this.#size, { width: videoWidth, height: videoHeight }, this.#isScreen ? 0 : cropLimit);
    style.width = `${Math.round(box.width)}px`;
    style.height = `${Math.round(box.height)}px`;
    this.#zoom?.frameBy(this.#isLarge ? { tile: this.#size, picture: box } : undefined);
  }

  #start() {
    this.#video.play().then(
      () => {
        this.#play.hidden = true;
      },
      (error) => {
        // A browser may want a click before it lets a page make a sound.
        this.#play.hidden = this.#isSelf || error?.name !== 'NotAllowedError';
      },
    );
  }
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
