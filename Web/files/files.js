/** The files that are sent and received in a call. */

import { Emitter } from '/client/emitter.js';
import { isolate, safeFileName } from '../lib/format.js';
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
 * @property {string} note
 * @property {string} [sha256]
 * @property {string} [url]  of what was received
 * @property {(() => void) | undefined} accept
 * @property {() => void} cancel
 *
 * @typedef {object} FilesEvents
 * @property {[row: FileRow]} change
 * @property {[note: string]} note  something to tell
 */

/** More than that at once from one peer is refused. */
const incomingLimit = 20;

/** @extends {Emitter<FilesEvents>} */
export class Files extends Emitter {
  #count = 0;
  #call;
  /** @type {Map<string, number>} */
  #incoming = new Map();

  /** @param {import('../call/call.js').Call} call */
  constructor(call) {
    super();
    this.#call = call;
    call.on('channel', (...args) => this.#receive(...args));
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
      this.dispatch('note', `${isolate(file.name)} is larger than 2 GB and cannot be sent.`);
      return;
    }
    if (peers.length === 0) {
      this.dispatch('note', 'Nobody else is connected to the call yet, so there is nobody to send the file to.');
      return;
    }
    const digest = digestOf(file);
    const senders = peers.map((peer) => {
      const maxMessageSize = peer.pc.sctp?.maxMessageSize;
      return new FileSender({ channel: peer.openChannel(), file, digest, maxMessageSize });
    });
    /** @type {FileRow} */
    const row = {
      ...this.#row(),
      isOwn: true,
      name: safeFileName(file.name),
      from: 'You',
      size: file.size,
      state: 'sending',
      cancel: () => senders.forEach((sender) => sender.cancel()),
    };
    const update = () => {
      Object.assign(row, summary(senders));
      this.dispatch('change', row);
    };
    for (const sender of senders) sender.onchange = update;
    digest.then(
      (sha256) => {
        row.sha256 = sha256;
        this.dispatch('change', row);
      },
      () => undefined,
    );
    this.dispatch('change', row);
  }

  /** @param {import('../call/peer.js').Peer} peer @param {RTCDataChannel} channel */
  #receive(peer, channel) {
    const open = this.#incoming.get(peer.id) ?? 0;
    if (open >= incomingLimit) {
      channel.close();
      return;
    }
    this.#incoming.set(peer.id, open + 1);
    const receiver = new FileReceiver(channel);
    /** @type {FileRow} */
    const row = { ...this.#row(), from: peer.name, cancel: () => receiver.cancel() };
    channel.addEventListener('close', () => this.#incoming.set(peer.id, (this.#incoming.get(peer.id) ?? 1) - 1));
    receiver.onchange = () => {
      const { name, size, progress, state, reason, sha256 } = receiver;
      // Nothing was offered yet, so there is nothing to show.
      if (name === '') return;
      Object.assign(row, { name, size, progress, state, sha256, note: reason });
      row.accept = state === 'waiting' ? () => receiver.accept() : undefined;
      if (receiver.blob && !row.url) row.url = URL.createObjectURL(receiver.blob);
      this.dispatch('change', row);
    };
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
      note: '',
      accept: undefined,
      cancel: () => undefined,
    };
  }
}

/**
 * What the transfers of one file to several peers come to.
 *
 * @param {FileSender[]} senders
 * @returns {Pick<FileRow, 'state' | 'progress' | 'note'>}
 */
function summary(senders) {
  const count = (/** @type {string} */ state) => senders.filter((sender) => sender.state === state).length;
  const done = count('done');
  const open = senders.filter(({ isFinished }) => !isFinished);
  const live = open.length > 0 ? senders.filter(({ state }) => state !== 'failed' && state !== 'cancelled') : senders;
  const progress = live.reduce((sum, sender) => sum + sender.progress, 0) / live.length;
  if (open.length > 0) {
    const isWaiting = open.every(({ state }) => state === 'waiting');
    const note = senders.length > 1 ? `${done} of ${senders.length} have it` : isWaiting ? 'waiting to be accepted' : '';
    return { state: 'sending', progress, note };
  }
  const reason = senders.find((sender) => sender.reason !== '')?.reason ?? '';
  if (done === senders.length) return { state: 'done', progress, note: '' };
  if (done > 0) return { state: 'done', progress, note: `${done} of ${senders.length} have it` };
  return { state: count('failed') > 0 ? 'failed' : 'cancelled', progress, note: reason };
}
