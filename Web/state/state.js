/** The whole of what the page knows: a reducer for each part, and every event goes to all of them. */

import { noColours, reduceColours } from './colours.js';
import { noConnection, reduceConnection } from './connection.js';
import { noMedia, reduceMedia } from './media.js';
import { nobody, reduceMembers } from './members.js';
import { noNotices, reduceNotices } from './notices.js';
import { closedPanel, reducePanel } from './panel.js';
import { noPeers, reducePeers } from './peers.js';
import { noQuality, reduceQuality } from './quality/quality.js';
import { noReactions, reduceReactions } from './stage/reactions.js';
import { noRecording, reduceRecording } from './stage/recording.js';
import { noTiles, reduceTiles } from './stage/sight.js';
import { noStage, reduceStage } from './stage/stage.js';
import { noZoom, reduceZoom } from './stage/zoom.js';
import { nothingVerified, reduceVerification } from './quality/verification.js';
import { createStore } from './store.js';
import { noMessages, reduceTimeline } from './timeline.js';
import { noTransfers, reduceTransfers } from './transfers.js';

const parts = {
  colours: reduceColours,
  connection: reduceConnection,
  media: reduceMedia,
  members: reduceMembers,
  notices: reduceNotices,
  panel: reducePanel,
  peers: reducePeers,
  quality: reduceQuality,
  reactions: reduceReactions,
  recording: reduceRecording,
  stage: reduceStage,
  tiles: reduceTiles,
  timeline: reduceTimeline,
  transfers: reduceTransfers,
  verification: reduceVerification,
  zoom: reduceZoom,
};

/**
 * @typedef {{ [Part in keyof typeof parts]: Parameters<typeof parts[Part]>[0] }} State
 * @typedef {Exclude<Parameters<typeof parts[keyof typeof parts]>[1], { type: '' }>} PageEvent
 * @typedef {import('./store.js').Store<State, PageEvent>} PageStore
 */

/** @type {State} */
export const initial = {
  colours: noColours,
  connection: noConnection,
  media: noMedia,
  members: nobody,
  notices: noNotices,
  panel: closedPanel,
  peers: noPeers,
  quality: noQuality,
  reactions: noReactions,
  recording: noRecording,
  stage: noStage,
  tiles: noTiles,
  timeline: noMessages,
  transfers: noTransfers,
  verification: nothingVerified,
  zoom: noZoom,
};

/** @param {State} state @param {PageEvent} event @returns {State} */
export function reduce(state, event) {
  // What belongs to one stay in a room ends with the next one.
  const start = event.type === 'lobby' ? { ...state, members: nobody, timeline: noMessages, peers: noPeers, stage: noStage } : state;
  let isOther = start !== state;
  const next = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => {
      const before = start[/** @type {keyof State} */ (name)];
      const now = /** @type {any} */ (part)(before, event, start);
      isOther ||= now !== before;
      return [name, now];
    }),
  );
  return isOther ? /** @type {State} */ (next) : state;
}

/** @returns {PageStore} */
export function createPageStore() {
  return createStore(reduce, initial);
}
