/**
 * How a person looks into a shared screen: how many times larger than it fits, and at which part of it.
 *
 * @typedef {import('./sight.js').Size} Size
 * @typedef {{ x: number, y: number }} Point  in pixels, from the middle of the tile, to the right and down
 * @typedef {{ scale: number, x: number, y: number }} View  `x`, `y`: what is in the middle of the tile, 0 to 1 of the picture
 * @typedef {{ tile: Size, picture: Size }} Frame  `picture`: the size in which all of it fits
 *
 * @typedef {object} Zoom
 * @property {string | undefined} id  of the tile: one at a time is large
 * @property {View} view
 *
 * @typedef {{ type: 'zoom', id: string, view: View }
 *   | { type: 'layout' }
 *   | { type: 'pinned' }
 *   | { type: 'member', member: { id: string, call?: { screen: boolean } } }
 *   | { type: 'members', members: readonly { id: string, call?: { screen: boolean } }[] }
 *   | { type: 'member-left', id: string }
 *   | { type: 'peers', peers: readonly { id: string, screen?: MediaStream }[] }
 *   | { type: 'left' }} ZoomEvent
 */

import { placesOf } from './stage.js';
import { isScreen, ownerOf } from './tiles.js';

/** Larger than that no text needs to be. */
export const largest = 8;
/** What a button or a key does. */
export const step = 1.5;

/** @type {View} */
export const whole = { scale: 1, x: 0.5, y: 0.5 };
/** @type {Zoom} */
export const noZoom = { id: undefined, view: whole };

/** @param {Zoom} zoom @param {ZoomEvent | { type: '' }} event @returns {Zoom} */
export function reduceZoom(zoom, event) {
  switch (event.type) {
    case 'zoom': {
      const view = within(event.view);
      return view.scale > 1 ? { id: event.id, view } : endOf(zoom, event.id);
    }
    case 'layout':
    case 'pinned':
    case 'left':
      return noZoom;
    case 'member':
      return event.member.call?.screen ? zoom : endOf(zoom, event.member.id);
    case 'members':
      // A server that was lost knows nobody at first: what is shared goes on.
      return event.members.filter(({ call }) => !call?.screen).reduce((now, { id }) => endOf(now, id), zoom);
    case 'member-left':
      return endOf(zoom, event.id);
    case 'peers':
      return zoom.id === undefined || event.peers.some(({ id, screen }) => id === ownerOf(zoom.id ?? '') && screen) ? zoom : noZoom;
    default:
      return zoom;
  }
}

/**
 * How a tile is looked at.
 *
 * @param {Zoom} zoom
 * @param {string | undefined} id  of the tile
 */
export function viewOf({ id: zoomed, view }, id) {
  return id !== undefined && id === zoomed ? view : whole;
}

/**
 * The tile that can be looked into: the shared screen that is large, or fills the whole screen.
 *
 * @param {import('./stage.js').Sources} sources
 */
export function zoomableOf(sources) {
  const { full } = sources.stage;
  const id = full === undefined || full === 'call' ? placesOf(sources).main : full;
  return id !== undefined && isScreen(id) ? id : undefined;
}

/**
 * The nearest view that leaves no part of the tile empty which the picture can fill.
 *
 * @param {View} view
 * @param {Frame} frame
 * @returns {View}
 */
export function clamped(view, { tile, picture }) {
  const { scale, x, y } = within(view);
  return { scale, x: clampedAlong(x, tile.width / (picture.width * scale)), y: clampedAlong(y, tile.height / (picture.height * scale)) };
}

/**
 * So many times closer, with what is at a point staying there.
 *
 * @param {View} view
 * @param {number} factor
 * @param {Point} point
 * @param {Frame} frame
 */
export function closer(view, factor, point, frame) {
  const from = clamped(view, frame);
  const scale = clamp(from.scale * factor, 1, largest);
  const { width, height } = frame.picture;
  const shift = 1 / from.scale - 1 / scale;
  return clamped({ scale, x: from.x + (point.x / width) * shift, y: from.y + (point.y / height) * shift }, frame);
}

/**
 * With the picture moved so far.
 *
 * @param {View} view
 * @param {Point} way
 * @param {Frame} frame
 */
export function moved(view, way, frame) {
  const { scale, x, y } = clamped(view, frame);
  return clamped({ scale, x: x - way.x / (frame.picture.width * scale), y: y - way.y / (frame.picture.height * scale) }, frame);
}

/** @param {Zoom} zoom @param {string} owner  of what is shown no more, or the tile @returns {Zoom} */
function endOf(zoom, owner) {
  return zoom.id !== undefined && ownerOf(zoom.id) === ownerOf(owner) ? noZoom : zoom;
}

/** @param {View} view @returns {View} */
function within({ scale, x, y }) {
  return { scale: clamp(scale, 1, largest), x: clamp(x, 0, 1), y: clamp(y, 0, 1) };
}

/** @param {number} place @param {number} seen  the part that is */
function clampedAlong(place, seen) {
  return seen < 1 ? clamp(place, seen / 2, 1 - seen / 2) : 0.5;
}

/** @param {number} value @param {number} least @param {number} most */
function clamp(value, least, most) {
  // What is no number is the least.
  return Math.min(value > least ? value : least, most);
}
