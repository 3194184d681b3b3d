/** The tiles of everybody in the call, as large as they fit. */

import { LevelMeter } from '../../call/level.js';
import { arrange, h } from '../dom.js';
import { fitTiles } from './grid.js';
import { createTile } from '../tile/tile.js';

const gap = 12;
/** Louder than that, on a scale from 0 to 1, counts as speaking. */
const speakingLevel = 0.04;
const speakingInterval = 150;

/**
 * @param {object} options
 * @param {string} options.name
 * @param {import('../../call/call.js').Call} options.call
 * @param {import('../../call/media.js').Media} options.media
 */
export function createStage({ name, call, media }) {
  const element = h('section', { class: 'stage', 'aria-label': 'Participants' });
  /** @type {Map<string, ReturnType<typeof createTile>>} */
  const tiles = new Map([['self', createTile('self')]]);
  const own = new MediaStream();
  const levels = new LevelMeter();
  const resized = new ResizeObserver(layOut);
  const timer = setInterval(showSpeakers, speakingInterval);
  resized.observe(element);
  call.on('peers', update).on('change', update).on('stream', update);
  media.on('change', update);
  update();
  return { element, close };

  function update() {
    showSelf();
    for (const id of [...tiles.keys()]) if (id !== 'self' && !call.peers.has(id)) tiles.delete(id);
    for (const peer of call.peers.values()) {
      const tile = tiles.get(peer.id) ?? createTile(peer.id);
      tiles.set(peer.id, tile);
      const { name: called, status, isAway, stream, connectionState, route } = peer;
      tile.update({ name: called, status, isAway, stream, connection: connectionState, route });
    }
    arrange(element, elements());
    layOut();
  }

  /** The others first, in the order they came, then oneself. */
  function elements() {
    const [self, ...others] = [...tiles.values()].map((tile) => tile.element);
    return self ? [...others, self] : others;
  }

  function showSelf() {
    const track = media.videoTrack;
    for (const old of own.getTracks()) if (old !== track) own.removeTrack(old);
    if (track && own.getTracks().length === 0) own.addTrack(track);
    levels.listen(media.audioTrack);
    tiles.get('self')?.update({ name, status: media.status, connection: 'connected', isAway: false, stream: own });
  }

  function showSpeakers() {
    tiles.get('self')?.setSpeaking(media.status.audio && levels.level > speakingLevel);
    for (const peer of call.peers.values()) tiles.get(peer.id)?.setSpeaking(peer.status.audio && peer.level > speakingLevel);
  }

  function layOut() {
    const all = elements();
    // Somebody else's screen comes first; one's own one knows already.
    const shown = all.filter((tile) => tile.dataset['screen'] === 'on').sort((tile) => (tile.dataset['peer'] === 'self' ? 1 : -1))[0];
    for (const tile of all) tile.classList.toggle('is-featured', tile === shown && all.length > 1);
    const isFeatured = shown !== undefined && all.length > 1;
    element.classList.toggle('is-featured', isFeatured);
    const { width, height } = inner(element);
    if (isFeatured) layOutAround(all.length - 1, width > height);
    else layOutEvenly(all.length, width, height);
  }

  /** @param {number} count @param {number} width @param {number} height */
  function layOutEvenly(count, width, height) {
    const { tileWidth, tileHeight } = fitTiles({ count, width, height, gap });
    element.style.setProperty('--tile-width', `${tileWidth}px`);
    element.style.setProperty('--tile-height', `${tileHeight}px`);
    element.style.gridTemplate = '';
  }

  /** @param {number} others @param {boolean} isWide */
  function layOutAround(others, isWide) {
    element.classList.toggle('is-wide', isWide);
    element.style.setProperty('--others', String(others));
    element.style.gridTemplate = isWide
      ? `repeat(${others}, min-content) 1fr / minmax(0, 1fr) clamp(110px, 18%, 220px)`
      : `minmax(0, 1fr) auto / repeat(${others}, minmax(0, 180px))`;
  }

  function close() {
    clearInterval(timer);
    resized.disconnect();
    levels.stop();
    call.off('peers', update).off('change', update).off('stream', update);
    media.off('change', update);
  }
}

/**
 * The space inside the padding.
 *
 * @param {HTMLElement} element
 */
function inner(element) {
  const style = getComputedStyle(element);
  const outer = element.getBoundingClientRect();
  const width = outer.width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const height = outer.height - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  return { width, height };
}
