/**
 * What of the others is in view, and how large: nobody needs to send more than that.
 *
 * @typedef {{ width: number, height: number }} Size  in pixels of the screen
 * @typedef {{ camera: Size, screen?: Size }} Sight
 *
 * @typedef {object} Tiles
 * @property {ReadonlyMap<string, Size>} sizes  0 by 0 of those out of view
 * @property {number} density  pixels of the screen for each of the page
 *
 * @typedef {{ type: 'tiles', sizes: ReadonlyMap<string, Size>, density: number } | { type: 'left' }} TilesEvent
 *
 * @typedef {import('./stage.js').Sources & Pick<import('./scene.js').Sources, 'media'> & { tiles: Tiles, zoom: import('./zoom.js').Zoom,
 *   notices: { isHidden: boolean }, recording: import('./recording.js').Recording }} Sources
 */

import { boxesOf } from './scene.js';
import { lookedAtOf } from './stage.js';
import { screenOf } from './tiles.js';
import { viewOf } from './zoom.js';

/** Sizes are told in steps of so many pixels, so that a window that is drawn larger is no flood of messages. */
const step = 40;
/** More than that no picture has. */
const largest = 4096;
/** The small window, which a person can draw larger. */
const small = { width: 640, height: 360 };
const unseen = { width: 0, height: 0 };

/** @type {Tiles} */
export const noTiles = { sizes: new Map(), density: 1 };

/** @param {Tiles} tiles @param {TilesEvent | { type: '' }} event @returns {Tiles} */
export function reduceTiles(tiles, event) {
  switch (event.type) {
    case 'tiles':
      return isSame(tiles, event) ? tiles : { sizes: event.sizes, density: event.density };
    case 'left':
      return noTiles;
    default:
      return tiles;
  }
}

/**
 * In which size each of the others is shown; in none while this page is hidden, on another page of the grid, or behind
 * what fills the screen; larger where the person looks into it. What is recorded is seen in any case. Of whom there is no
 * tile yet, nothing is said.
 *
 * @param {Sources} sources
 * @returns {Map<string, Sight>}
 */
export function sightOf(sources) {
  const { peers, stage: { full, isPip }, tiles: { sizes, density }, zoom, notices: { isHidden }, recording: { phase } } = sources;
  const recorded = phase === 'on' ? boxesOf(sources) : new Map();
  const isCovered = full !== undefined && full !== 'call';
  /** @param {string} tile */
  const sizeOf = (tile) => {
    const known = sizes.get(tile);
    if (!known) return undefined;
    const { width, height } = !isHidden && (!isCovered || full === tile) ? known : unseen;
    const besides = isPip && lookedAtOf(sources) === tile ? small : unseen;
    // In whole steps: each turn of a wheel need not be told.
    const pixels = density * Math.ceil(viewOf(zoom, tile).scale);
    const { width: across, height: down } = recorded.get(tile) ?? unseen;
    return { width: rounded(Math.max(width * pixels, besides.width * pixels, across)), height: rounded(Math.max(height * pixels, besides.height * pixels, down)) };
  };
  return new Map(
    peers.list.flatMap(({ id }) => {
      const camera = sizeOf(id);
      const screen = sizeOf(screenOf(id));
      return camera ? [[id, screen ? { camera, screen } : { camera }]] : [];
    }),
  );
}

/** @param {Tiles} before @param {Tiles} now */
function isSame(before, now) {
  const isEqual = (/** @type {[string, Size]} */ [id, { width, height }]) => before.sizes.get(id)?.width === width && before.sizes.get(id)?.height === height;
  return now.density === before.density && now.sizes.size === before.sizes.size && [...now.sizes].every(isEqual);
}

/** @param {number} pixels */
function rounded(pixels) {
  return Number.isFinite(pixels) ? Math.min(Math.ceil(Math.max(pixels, 0) / step) * step, largest) : 0;
}
