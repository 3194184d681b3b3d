/**
 * How this person looks at the call: the layout, and who is large.
 *
 * @typedef {'grid' | 'speaker' | 'spotlight'} LayoutName  all alike; who speaks beside the others; who speaks alone
 *
 * @typedef {`${'top' | 'bottom'}-${'start' | 'end'}`} Corner
 *
 * @typedef {object} Stage
 * @property {LayoutName} layout
 * @property {string | undefined} pinned  the tile that the person wants to see large; `self` is oneself
 * @property {string | undefined} speaker  who of the others spoke last
 * @property {number} page  of the grid, from 0; there may be fewer by now
 * @property {Corner} corner  where oneself stands small
 * @property {boolean} isOwnHidden  whether the person does not want to see their own picture, which others see all the same
 * @property {boolean} isPip  whether the call is in a small window as well
 * @property {string | undefined} full  what fills the screen: `call`, or whose tile
 *
 * @typedef {{ type: 'layout', layout: LayoutName }
 *   | { type: 'pinned', id: string | undefined }
 *   | { type: 'speaker', id: string | undefined }
 *   | { type: 'full', id: string | undefined }
 *   | { type: 'pip', isOpen: boolean }
 *   | { type: 'corner', corner: Corner }
 *   | { type: 'own', isHidden: boolean }
 *   | { type: 'page', page: number }
 *   | { type: 'peers', peers: readonly { id: string }[] }
 *   | { type: 'left' }} StageEvent
 *
 * @typedef {{ peers: import('../peers.js').Peers, members: import('../members.js').Members, stage: Stage }} Sources
 *
 * @typedef {{ kind: 'even' | 'pair' | 'large', main: string | undefined, seen: readonly string[] }} Places
 *   all alike; one fills the stage, and oneself stands in its corner; one beside a strip of the others
 */

import { changed } from '../store.js';
import { ownerOf, screenOf, tileIdsOf } from './tiles.js';

/** In the order in which they follow each other. */
export const layouts = /** @type {const} */ (['grid', 'speaker', 'spotlight']);

/** So many tiles are alike at once; from one more on there are pages, for faces can be told on each. */
const tilesOnPage = 9;

/** @type {Stage} */
export const noStage = { layout: 'grid', pinned: undefined, speaker: undefined, page: 0, corner: 'top-end', isOwnHidden: false, isPip: false, full: undefined };

/** @param {Stage} stage @param {StageEvent | { type: '' }} event @returns {Stage} */
export function reduceStage(stage, event) {
  switch (event.type) {
    case 'layout':
      return changed(stage, { layout: event.layout });
    case 'pinned':
      return changed(stage, { pinned: event.id });
    case 'speaker':
      return changed(stage, { speaker: event.id });
    case 'page':
      return changed(stage, { page: event.page });
    case 'corner':
      return changed(stage, { corner: event.corner });
    case 'own':
      return changed(stage, { isOwnHidden: event.isHidden, pinned: event.isHidden && stage.pinned === 'self' ? undefined : stage.pinned });
    case 'pip':
      return changed(stage, { isPip: event.isOpen });
    case 'full':
      return changed(stage, { full: event.id });
    case 'peers': {
      const { pinned } = stage;
      const isThere = pinned === 'self' || event.peers.some(({ id }) => pinned !== undefined && id === ownerOf(pinned));
      return changed(stage, { pinned: isThere ? pinned : undefined });
    }
    case 'left':
      return noStage;
    default:
      return stage;
  }
}

/** @param {Stage} stage */
export function nextLayout({ layout }) {
  return layouts[(layouts.indexOf(layout) + 1) % layouts.length] ?? 'grid';
}

/**
 * What the person wants to see large, while it is there: a screen that is shared no more waits for the next time.
 *
 * @param {Sources} sources
 */
export function pinnedOf(sources) {
  const { pinned } = sources.stage;
  return pinned === 'self' || (pinned !== undefined && tileIdsOf(sources).includes(pinned)) ? pinned : undefined;
}

/**
 * What is large: what the person chose, or else the screen of somebody else that was shared last (one's own would be a
 * hall of mirrors), or else who speaks, where the layout says so. Of two people the other one is large in any case.
 *
 * @param {Sources} sources
 * @returns {string | undefined}
 */
export function largeOf(sources) {
  const { peers: { list }, members: { sharing }, stage: { layout, speaker } } = sources;
  if (list.length === 0) return undefined;
  const pinned = pinnedOf(sources);
  if (pinned !== undefined) return pinned;
  const isThere = (/** @type {string | undefined} */ id) => list.some((peer) => peer.id === id);
  const shown = sharing.filter(isThere).at(-1);
  if (shown !== undefined) return tileIdsOf(sources).includes(screenOf(shown)) ? screenOf(shown) : shown;
  if (layout === 'grid' || list.length === 1) return undefined;
  return isThere(speaker) ? speaker : list[0]?.id;
}

/**
 * What one looks at where there is room for one: what is large, or else who spoke last, or came first; oneself alone.
 *
 * @param {Sources} sources
 * @returns {string}
 */
export function lookedAtOf(sources) {
  const { peers: { list }, stage: { speaker } } = sources;
  const heard = list.find(({ id }) => id === speaker) ?? list[0];
  return largeOf(sources) ?? heard?.id ?? 'self';
}

/**
 * The pages of the grid: how many there are, which one is seen, and how many of the others stand on each; oneself is on
 * all of them, if seen at all.
 *
 * @param {Sources} sources
 */
export function pagesOf(sources) {
  const others = sources.peers.list.length;
  const size = isOwnSeen(sources) ? tilesOnPage - 1 : tilesOnPage;
  const count = largeOf(sources) === undefined ? Math.max(Math.ceil(others / size), 1) : 1;
  return { count, page: Math.min(sources.stage.page, count - 1), size };
}

/**
 * Who is seen, and in which order of size.
 *
 * @param {Sources} sources
 * @returns {Places}
 */
export function placesOf(sources) {
  const others = tileIdsOf(sources);
  const main = largeOf(sources) ?? (others.length === 1 ? others[0] : undefined);
  // Whoever is alone has nobody else to look at.
  const own = isOwnSeen(sources) ? ['self'] : [];
  if (main === undefined) {
    const { page, size } = pagesOf(sources);
    return { kind: 'even', main, seen: [...others.slice(page * size, (page + 1) * size), ...own] };
  }
  const alone = [...new Set([main, ...own])];
  if (sources.stage.layout === 'spotlight') return { kind: 'pair', main, seen: alone };
  const all = [...others, ...own];
  const isBeside = largeOf(sources) !== undefined && all.length > 1;
  return { kind: isBeside ? 'large' : 'pair', main, seen: all };
}

/** @param {Sources} sources */
function isOwnSeen({ peers: { list }, stage }) {
  return !stage.isOwnHidden || list.length === 0 || stage.pinned === 'self';
}
