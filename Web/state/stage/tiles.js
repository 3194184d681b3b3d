/**
 * What there is to look at in a call: each of the others, and each screen that one of them shares, which is a tile of its
 * own. The id of that is not one that a member can have.
 *
 * @typedef {import('../peers.js').Sources} Sources
 * @typedef {import('../peers.js').Participant & { owner: string, isScreen: boolean }} TileView  `owner`: the id of the member
 */

import { participantsOf } from '../peers.js';

const ending = '/screen';

/** @param {string} id  of a member */
export function screenOf(id) {
  return `${id}${ending}`;
}

/** @param {string} id  of a tile */
export function ownerOf(id) {
  return isScreen(id) ? id.slice(0, -ending.length) : id;
}

/** @param {string} id  of a tile */
export function isScreen(id) {
  return id.endsWith(ending);
}

/**
 * The ids of all tiles but one's own, each screen before the member whose it is.
 *
 * @param {Pick<Sources, 'peers' | 'members'>} sources
 * @returns {string[]}
 */
export function tileIdsOf({ peers, members }) {
  return peers.list.flatMap(({ id, screen }) => (screen && members.sharing.includes(id) ? [screenOf(id), id] : [id]));
}

/**
 * The same with all that is known of them.
 *
 * @param {Sources} sources
 * @returns {TileView[]}
 */
export function tilesOf(sources) {
  const ids = new Set(tileIdsOf(sources));
  return participantsOf(sources).flatMap((one) => {
    const screen = one.screen && ids.has(screenOf(one.id)) ? one.screen : undefined;
    // Without one of its own, what is shared comes as the camera.
    const own = { ...one, owner: one.id, isScreen: false, status: { ...one.status, screen: one.status.screen && !screen } };
    return screen ? [screenTile(one, screen), own] : [own];
  });
}

/** @param {import('../peers.js').Participant} one @param {MediaStream} stream @returns {TileView} */
function screenTile(one, stream) {
  const status = { audio: true, video: false, screen: true };
  return { ...one, id: screenOf(one.id), owner: one.id, isScreen: true, status, stream, hand: 0, isRecording: false, route: undefined };
}
