/** The tiles of everybody in the call, as large as they fit. */

import { LevelMeter } from '../../call/level.js';
import { t } from '../../i18n/t.js';
import { handOf } from '../../state/members.js';
import { participantsOf } from '../../state/peers.js';
import { hear, silence } from '../../state/stage/speaker.js';
import { pinnedOf, placesOf } from '../../state/stage/stage.js';
import { tilesOf } from '../../state/stage/tiles.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';
import { Tile } from '../tile/tile.js';
import { makeMovable } from './corner.js';
import { layOut } from './grid.js';

const gap = 12;
/** Louder than that, on a scale from 0 to 1, counts as speaking. */
const speakingLevel = 0.04;
const speakingInterval = 150;

/** @typedef {import('../../state/state.js').State} State */

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {import('../tile/tools.js').Commands} options.commands
 * @param {AbortSignal} options.signal
 */
export function createStage({ store, session, commands, signal }) {
  const element = h('section', { class: 'stage', 'aria-label': t('call.participants') });
  const own = new MediaStream();
  /** @type {Map<string, Tile>} */
  let tiles = new Map();
  const resized = new ResizeObserver(() => arrange());
  resized.observe(element);
  // A tile that fills the screen has the size of the window.
  addEventListener('resize', arrange, { signal });
  store.watch(({ peers }) => peers, update, { signal });
  store.watch(({ members }) => members.list, update, { signal });
  store.watch(({ media }) => media, update, { signal });
  store.watch(({ stage }) => stage, arrange, { signal });
  showSpeakers(session, store, () => tiles, signal);
  signal.addEventListener('abort', () => {
    resized.disconnect();
    for (const tile of tiles.values()) tile.close();
  });
  return { element };

  function update() {
    const state = store.get();
    const before = tiles;
    const rows = keyed(element, viewsOf(state, own), ({ id }) => id, ({ id }) => makeTile(id, { store, commands }), (tile, view) => tile.update(view));
    tiles = new Map(rows.map((tile) => [tile.id, tile]));
    for (const [id, tile] of before) if (tiles.get(id) !== tile) tile.close();
    for (const tile of rows) tile.playOn(state.media.chosen.audiooutput);
    arrange();
  }

  function arrange() {
    const { stage } = store.get();
    const { kind, main, seen } = placesOf(store.get());
    const pinned = pinnedOf(store.get());
    const layout = layOut({ kind, count: seen.length, size: inner(element), gap });
    element.dataset['layout'] = layout.kind === 'large' && layout.isWide ? 'large-wide' : layout.kind;
    element.classList.toggle('has-others', tiles.size > 1);
    element.style.setProperty('--others', String(Math.max(seen.length - 1, 1)));
    if (layout.kind === 'large') {
      element.style.setProperty('--small-width', `${layout.small.width}px`);
      element.style.setProperty('--small-height', `${layout.small.height}px`);
    }
    /** @type {Map<string, import('./grid.js').Size>} */
    const sizes = new Map();
    for (const [id, tile] of tiles) {
      const isMain = id === main;
      const isFull = stage.full === id;
      const isInCorner = layout.kind === 'pair' && id === 'self' && !isMain && seen.includes(id);
      tile.setCorner(isInCorner ? stage.corner : undefined);
      const size = seen.includes(id) ? sizeIn(layout, isMain) : undefined;
      const shown = isFull ? { width: innerWidth, height: innerHeight } : size;
      tile.place(shown, { isMain, isPinned: pinned === id, isFull });
      sizes.set(id, shown ?? { width: 0, height: 0 });
    }
    store.apply({ type: 'tiles', sizes, density: devicePixelRatio });
  }
}

/** @param {string} id @param {Omit<ConstructorParameters<typeof Tile>[0], 'id'>} parts */
function makeTile(id, { store, commands }) {
  const tile = new Tile({ id, store, commands });
  if (id === 'self') makeMovable(tile.element, store);
  return tile;
}

/** @param {import('./grid.js').Layout} layout @param {boolean} isMain */
function sizeIn(layout, isMain) {
  if (layout.kind === 'even') return layout.tile;
  if (isMain) return layout.main;
  return layout.kind === 'pair' ? layout.corner : layout.small;
}

/**
 * The others first, in the order they came, then oneself.
 *
 * @param {State} state
 * @param {MediaStream} own  shows this member's picture
 * @returns {import('../tile/tile.js').TileView[]}
 */
function viewsOf(state, own) {
  const { media, connection, members } = state;
  for (const old of own.getTracks()) if (old !== media.videoTrack) own.removeTrack(old);
  if (media.videoTrack && own.getTracks().length === 0) own.addTrack(media.videoTrack);
  const { name } = connection;
  // One's own screen would show itself in itself.
  const status = { ...media.status, screen: false };
  const held = { camera: false, screen: false, own: state.peers.list.some((peer) => peer.held.own) };
  const known = { connection: /** @type {const} */ ('connected'), isAway: false, hand: handOf(members, members.self), isRecording: members.self !== undefined && members.recording.includes(members.self), route: undefined, trouble: undefined, held };
  return [...tilesOf(state), { ...known, id: 'self', owner: 'self', isScreen: false, name, status, stream: own, screen: undefined }];
}

/**
 * Marks who speaks, and tells who has spoken long enough to be looked at.
 *
 * @param {import('../../session.js').Session} session
 * @param {import('../../state/state.js').PageStore} store
 * @param {() => Map<string, Tile>} tilesNow
 * @param {AbortSignal} signal
 */
function showSpeakers(session, store, tilesNow, signal) {
  const own = new LevelMeter();
  let hearing = silence;
  store.watch(({ media }) => media.audioTrack, (track) => own.listen(track), { signal });
  const timer = setInterval(() => {
    const { media } = store.get();
    const tiles = tilesNow();
    tiles.get('self')?.setSpeaking(media.status.audio && own.level > speakingLevel);
    const levels = new Map(participantsOf(store.get()).map(({ id, status }) => [id, status.audio ? session.levelOf(id) : 0]));
    for (const [id, level] of levels) tiles.get(id)?.setSpeaking(level > speakingLevel);
    hearing = hear(hearing, levels, performance.now());
    store.apply({ type: 'speaker', id: hearing.speaker });
  }, speakingInterval);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    own.stop();
  });
}

/**
 * The space inside the padding.
 *
 * @param {HTMLElement} element
 */
function inner(element) {
  const style = getComputedStyle(element);
  // In fractions: a pixel too much would break a row of tiles.
  const outer = element.getBoundingClientRect();
  const width = outer.width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const height = outer.height - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  return { width: Math.floor(width), height: Math.floor(height) };
}
