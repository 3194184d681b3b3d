/**
 * Files on their way, and those that have come; the newest first.
 *
 * @typedef {Readonly<import('../files/files.js').FileRow>} Transfer
 * @typedef {{ list: readonly Transfer[], saved: readonly string[] }} Transfers
 *
 * @typedef {{ type: 'transfer', transfer: Transfer }
 *   | { type: 'transfer-saved', id: string }
 *   | { type: 'transfer-dismissed', id: string }
 *   | { type: 'lobby' }} TransfersEvent
 */

/** So many are kept; of more, the oldest that have nothing to save go. Peers may offer and take back without end. */
const limit = 100;

/** @type {Transfers} */
export const noTransfers = { list: [], saved: [] };

/** @param {Transfers} transfers @param {TransfersEvent | { type: '' }} event @returns {Transfers} */
export function reduceTransfers(transfers, event) {
  switch (event.type) {
    case 'transfer': {
      const { list } = transfers;
      const index = list.findIndex(({ id }) => id === event.transfer.id);
      if (index < 0) return { ...transfers, list: withoutOld([event.transfer, ...list]) };
      return { ...transfers, list: list.map((transfer, place) => (place === index ? event.transfer : transfer)) };
    }
    case 'transfer-saved':
      return transfers.saved.includes(event.id) ? transfers : { ...transfers, saved: [...transfers.saved, event.id] };
    case 'transfer-dismissed':
      return {
        list: transfers.list.filter(({ id }) => id !== event.id),
        saved: transfers.saved.filter((id) => id !== event.id),
      };
    case 'lobby':
      // What came of the last stay is kept until it is saved.
      return transfers.list.length === 0 ? transfers : { list: unsavedOf(transfers), saved: [] };
    default:
      return transfers;
  }
}

/** @param {Transfer[]} list */
function withoutOld(list) {
  let over = list.length - limit;
  if (over <= 0) return list;
  /** @type {Set<Transfer>} */
  const old = new Set();
  for (const transfer of [...list].reverse()) {
    if (over <= 0) break;
    if (transfer.state !== 'failed' && transfer.state !== 'cancelled') continue;
    old.add(transfer);
    over -= 1;
  }
  return list.filter((transfer) => !old.has(transfer));
}

/** @param {Pick<Transfer, 'state'>} transfer */
export function isOver({ state }) {
  return state === 'done' || state === 'partly' || state === 'failed' || state === 'cancelled';
}

/**
 * What was received and would be lost.
 *
 * @param {Transfers} transfers
 */
export function unsavedOf({ list, saved }) {
  return list.filter(({ id, isOwn, state, url }) => !isOwn && state === 'done' && url && !saved.includes(id));
}

/**
 * Whether something would be lost if the page were closed.
 *
 * @param {Transfers} transfers
 */
export function isBusy(transfers) {
  const isUnderWay = transfers.list.some((transfer) => !isOver(transfer) && transfer.state !== 'waiting');
  return isUnderWay || unsavedOf(transfers).length > 0;
}
