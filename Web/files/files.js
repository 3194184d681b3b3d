/** The files that are sent and received in a call. */

import { Emitter } from '../client/emitter.js';
import { safeFileName } from '../state/format.js';
import { formatBytes } from '../i18n/format.js';
import { Inbox } from './inbox.js';
import { Lanes } from './lanes.js';
import { QueuedSender } from './queued-sender.js';
import { FileReceiver, FileSender, digestOf, fileSizeLimit } from './transfer.js';

/**
 * A file as a row shows it. One that is sent goes to several peers at once.
 *
 * @typedef {object} FileRow
 * @property {string} id
 * @property {boolean} isOwn
 * @property {string} name
 * @property {string} from
 * @property {number} size
 * @property {number} progress  in bytes
 * @property {import('./transfer.js').TransferState} state
 * @property {import('../i18n/t.js').Sentence} [note]
 * @property {string} [sha256]
 * @property {string} [url]  of what was received
 * @property {(() => void) | undefined} accept  receives this file
 * @property {(() => void) | undefined} acceptAll  receives this one, and what else comes from this sender
 * @property {() => void} cancel
 * @property {() => void} dismiss  forgets what was received
 *
 * @typedef {object} Offer  a file that somebody wants to send
 * @property {import('../call/peer.js').Peer} peer
 * @property {FileReceiver} receiver
 * @property {FileRow} row
 * @property {number} reserved  how many bytes are kept for it
 *
 * @typedef {object} FilesEvents
 * @property {[row: FileRow]} change
 * @property {[note: import('../i18n/t.js').Sentence]} note  something to tell
 */

/** So many files are on their way to one peer at once; more would only make each slower. */
const outgoingLimit = 3;

/** @extends {Emitter<FilesEvents>} */
export class Files extends Emitter {
  #count = 0;
  #call;
  #inbox = new Inbox();
  #lanes = new Lanes(outgoingLimit);
  /** @type {Set<QueuedSender>} */
  #outgoing = new Set();
  /** @type {Set<Offer>} */
  #offers = new Set();

  /** @param {import('../call/call.js').Call} call */
  constructor(call) {
    super();
    this.#call = call;
    call.on('channel', (...args) => this.#receive(...args));
    call.on('peers', () => this.#loseAbsent());
  }

  /**
   * Sends files to everybody in the call.
   *
   * @param {Iterable<File>} files
   */
  send(files) {
    for (const file of files) this.#sendOne(file);
  }

  /** @param {File} file */
  #sendOne(file) {
    const peers = [...this.#call.peers.values()].filter(({ connectionState }) => connectionState === 'connected');
    if (file.size > fileSizeLimit) {
      this.dispatch('note', { key: 'files.too-large', values: { name: file.name, limit: formatBytes(fileSizeLimit) } });
      return;
    }
    if (peers.length === 0) {
      this.dispatch('note', { key: 'files.nobody' });
      return;
    }
    const digest = digestOf(file);
    const senders = peers.map((peer) => {
      const make = () => new FileSender({ channel: peer.openChannel(), file, digest, maxMessageSize: peer.pc.sctp?.maxMessageSize });
      return new QueuedSender({ lanes: this.#lanes, peer: peer.id, make });
    });
    /** @type {FileRow} */
    const row = {
      ...this.#row(),
      isOwn: true,
      name: safeFileName(file.name),
      size: file.size,
      state: 'sending',
      cancel: () => senders.forEach((sender) => sender.cancel()),
    };
    const update = () => {
      for (const sender of senders) if (sender.isFinished) this.#outgoing.delete(sender);
      Object.assign(row, summary(senders));
      this.dispatch('change', row);
    };
    update();
    for (const sender of senders) {
      sender.onchange = update;
      this.#outgoing.add(sender);
      sender.enqueue();
    }
    digest.then(
      (sha256) => {
        row.sha256 = sha256;
        this.dispatch('change', row);
      },
      () => undefined,
    );
  }

  /** @param {import('../call/peer.js').Peer} peer @param {RTCDataChannel} channel */
  #receive(peer, channel) {
    const receiver = new FileReceiver(channel);
    if (!this.#inbox.opened(peer.id)) {
      receiver.refuse('files.too-many');
      return;
    }
    channel.addEventListener('close', () => this.#inbox.closed(peer.id));
    /** @type {Offer} */
    const offer = { peer, receiver, row: { ...this.#row(), from: peer.name }, reserved: 0 };
    offer.row.cancel = () => receiver.cancel();
    offer.row.dismiss = () => this.#dismiss(offer);
    receiver.onchange = () => {
      // Nothing was offered yet, so there is nothing to show.
      if (receiver.name === '') return;
      if (receiver.state === 'waiting' && !this.#offers.has(offer)) {
        this.#offers.add(offer);
        this.#consider(offer);
      } else {
        this.#show(offer);
      }
    };
  }

  /**
   * Receives what is offered if it may, and asks if not.
   *
   * @param {Offer} offer
   * @param {boolean} [isAsked]  whether the person has agreed to this one
   */
  #consider(offer, isAsked) {
    const { peer, receiver, row } = offer;
    const verdict = this.#inbox.judge(peer.id, receiver.size, isAsked);
    if (verdict === 'receive') {
      this.#offers.delete(offer);
      offer.reserved = receiver.size;
      this.#inbox.reserve(offer.reserved);
      row.accept = undefined;
      row.acceptAll = undefined;
      receiver.accept();
      return;
    }
    row.accept = () => this.#consider(offer, true);
    row.acceptAll = () => {
      this.#inbox.agree(peer.id);
      this.#consider(offer, true);
      this.#considerAll();
    };
    this.#show(offer, verdict === 'full' ? { key: 'files.no-room' } : undefined);
  }

  #considerAll() {
    for (const offer of [...this.#offers]) this.#consider(offer);
  }

  /** @param {Offer} offer @param {import('../i18n/t.js').Sentence} [note] */
  #show(offer, note) {
    const { receiver, row } = offer;
    const { name, size, progress, state, reason, sha256 } = receiver;
    Object.assign(row, { name, size, progress, state, sha256, note: note ?? because(reason) });
    if (receiver.isFinished) {
      this.#offers.delete(offer);
      row.accept = undefined;
      row.acceptAll = undefined;
    }
    if (receiver.blob) row.url ??= URL.createObjectURL(receiver.blob);
    else if (receiver.isFinished) this.#release(offer);
    this.dispatch('change', row);
  }

  /** @param {Offer} offer  whose file is saved, or not wanted any more */
  #dismiss(offer) {
    if (offer.row.url) URL.revokeObjectURL(offer.row.url);
    offer.receiver.forget();
    this.#release(offer);
  }

  /** @param {Offer} offer */
  #release(offer) {
    if (offer.reserved === 0) return;
    this.#inbox.release(offer.reserved);
    offer.reserved = 0;
    this.#considerAll();
  }

  /** Whoever has left takes nothing any more. */
  #loseAbsent() {
    for (const sender of [...this.#outgoing]) if (!this.#call.peers.has(sender.peer)) sender.lose();
    for (const { peer, receiver } of [...this.#offers]) {
      if (!this.#call.peers.has(peer.id)) receiver.finish('failed', 'files.lost');
    }
  }

  /** @returns {FileRow} */
  #row() {
    this.#count += 1;
    return {
      id: `file-${this.#count}`,
      isOwn: false,
      name: '',
      from: '',
      size: 0,
      progress: 0,
      state: 'waiting',
      accept: undefined,
      acceptAll: undefined,
      cancel: () => undefined,
      dismiss: () => undefined,
    };
  }
}

/**
 * What the transfers of one file to several peers come to.
 *
 * @param {QueuedSender[]} senders
 * @returns {Pick<FileRow, 'state' | 'progress' | 'note'>}
 */
function summary(senders) {
  const count = (/** @type {string} */ state) => senders.filter((sender) => sender.state === state).length;
  const done = count('done');
  const open = senders.filter(({ isFinished }) => !isFinished);
  const live = open.length > 0 ? senders.filter(({ state }) => state !== 'failed' && state !== 'cancelled') : senders;
  const progress = live.reduce((sum, sender) => sum + sender.progress, 0) / live.length;
  if (open.length > 0) {
    return { state: 'sending', progress, note: openNote(senders, open, done) };
  }
  const reason = senders.find((sender) => sender.reason !== undefined)?.reason;
  if (done === senders.length) return { state: 'done', progress, note: undefined };
  if (done > 0) return { state: 'done', progress, note: haveIt(done, senders) };
  return { state: count('failed') > 0 ? 'failed' : 'cancelled', progress, note: because(reason) };
}

/**
 * @param {QueuedSender[]} senders
 * @param {QueuedSender[]} open  those of them that are not finished
 * @param {number} done
 * @returns {FileRow['note']}
 */
function openNote(senders, open, done) {
  if (open.every(({ isQueued }) => isQueued)) return { key: 'files.queued' };
  if (done === 0 && open.every(({ state }) => state === 'waiting')) return { key: 'files.to-accept' };
  return senders.length > 1 ? haveIt(done, senders) : undefined;
}

/** @param {number} done @param {QueuedSender[]} senders @returns {FileRow['note']} */
function haveIt(done, senders) {
  return { key: 'files.have-it', values: { done, count: senders.length } };
}

/** @param {import('../i18n/t.js').Key | undefined} reason @returns {FileRow['note']} */
function because(reason) {
  return reason && { key: reason };
}
