/** The files that are sent and received in a call. */

import { Emitter } from '../client/emitter.js';
import { formatBytes } from '../i18n/format.js';
import { safeFileName } from './file-name.js';
import { filesIn } from './folder.js';
import { Incoming } from './incoming.js';
import { Lanes } from './lanes.js';
import { Outgoing } from './outgoing.js';
import { fileSizeLimit } from './transfer.js';

/**
 * A file as a row shows it. One that is sent goes to several people at once.
 *
 * @typedef {object} FileRow
 * @property {string} id
 * @property {boolean} isOwn
 * @property {string} name
 * @property {string} from  whom it is; empty if it is this person
 * @property {number} size
 * @property {number} progress  in bytes
 * @property {import('./transfer.js').TransferState | 'partly'} state  `partly` is what some got, and others did not
 * @property {import('./transfer.js').Code} code  why it ended
 * @property {'answer' | 'room'} waitsFor  what a file of somebody else waits for
 * @property {import('./outgoing.js').Recipient[]} recipients  of an own file
 * @property {string} [digest]
 * @property {string} [url]  of what was received
 * @property {boolean} [isRecording]  of the call, by this page: nobody sent it
 * @property {Question} [question]  what the person is asked
 * @property {() => void} cancel
 * @property {() => void} dismiss  forgets what was received
 * @property {() => void} [save]  learns that the person saves it
 *
 * @typedef {object} Question  whether to receive what somebody sends, all that is offered at present
 * @property {number} files
 * @property {number} bytes
 * @property {() => void} accept
 * @property {() => void} acceptAlways  and what else comes from this sender
 * @property {() => void} refuse
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
  #lanes = new Lanes(outgoingLimit);
  #incoming = new Incoming({
    makeRow: ({ name }) => this.#row({ from: name }),
    onChange: (row) => this.dispatch('change', row),
  });
  /** @type {Set<Outgoing>} */
  #outgoing = new Set();

  /** @param {import('../call/call.js').Call} call */
  constructor(call) {
    super();
    this.#call = call;
    call.on('channel', (...args) => this.#incoming.receive(...args));
    call.on('peers', () => this.#compare());
    call.on('change', (peer) => this.#changed(peer.id));
    call.on('replaced', (peer) => this.#replaced(peer.id));
  }

  /**
   * Sends files to everybody in the call, those too to whom there is no connection at the moment.
   *
   * @param {Iterable<File>} files
   */
  send(files) {
    const all = [...files];
    const fitting = all.filter(({ size }) => size <= fileSizeLimit);
    for (const { name, size } of all) {
      if (size > fileSizeLimit) this.dispatch('note', { key: 'files.too-large', values: { name, limit: formatBytes(fileSizeLimit) } });
    }
    if (fitting.length === 0) return;
    if (this.#call.peers.size === 0) {
      this.dispatch('note', { key: 'files.nobody' });
      return;
    }
    const batch = { id: randomId(), files: fitting.length, bytes: fitting.reduce((sum, { size }) => sum + size, 0) };
    for (const file of fitting) this.#sendOne(file, batch);
  }

  /**
   * Sends what was dropped, with what is in folders. To be called in the event itself.
   *
   * @param {DataTransfer} dropped
   */
  async drop(dropped) {
    const { files, unread, isCut } = await filesIn(dropped);
    if (unread > 0) this.dispatch('note', { key: 'files.unread', values: { count: unread } });
    if (isCut) this.dispatch('note', { key: 'files.cut', values: { count: files.length } });
    if (files.length === 0 && unread === 0) this.dispatch('note', { key: 'files.empty' });
    this.send(files);
  }

  /** @param {File} file @param {import('./file-sender.js').Batch} batch */
  #sendOne(file, batch) {
    const { peers } = this.#call;
    const outgoing = new Outgoing({
      file,
      id: randomId(),
      batch,
      lanes: this.#lanes,
      people: [...peers.values()],
      peer: (id) => peers.get(id),
      onRefusal: (person) => this.#refused(person, batch.id),
    });
    const row = this.#row({ isOwn: true, name: safeFileName(file.name), size: file.size });
    row.cancel = () => outgoing.cancel();
    row.dismiss = () => this.#outgoing.delete(outgoing);
    outgoing.onchange = () => {
      Object.assign(row, outgoing.summary);
      if (outgoing.isOver) this.#outgoing.delete(outgoing);
      this.dispatch('change', row);
    };
    this.#outgoing.add(outgoing);
    outgoing.onchange();
    for (const delivery of outgoing.deliveries) delivery.ready();
  }

  /** @param {string} person @param {string} batch  nothing of which they want */
  #refused(person, batch) {
    for (const outgoing of [...this.#outgoing]) if (outgoing.batch === batch) outgoing.to(person)?.refuse();
  }

  /** @param {string} person  to whom there may be a connection now */
  #changed(person) {
    for (const outgoing of [...this.#outgoing]) outgoing.to(person)?.ready();
  }

  /** @param {string} person  to whom there is another connection, that has to come up yet */
  #replaced(person) {
    this.#incoming.lose(person);
    for (const outgoing of [...this.#outgoing]) outgoing.to(person)?.lose();
  }

  /** Whoever has left takes and sends nothing any more, until they are back. */
  #compare() {
    const { peers } = this.#call;
    this.#incoming.keepOnly(peers);
    for (const outgoing of [...this.#outgoing]) {
      for (const delivery of outgoing.deliveries) {
        if (peers.has(delivery.person.id)) delivery.ready();
        else delivery.leave();
      }
    }
  }

  /** @param {Partial<FileRow>} first @returns {FileRow} */
  #row(first) {
    this.#count += 1;
    return {
      id: `file-${this.#count}`,
      isOwn: false,
      name: '',
      from: '',
      size: 0,
      progress: 0,
      state: 'waiting',
      code: 'none',
      waitsFor: 'answer',
      recipients: [],
      cancel: () => undefined,
      dismiss: () => undefined,
      ...first,
    };
  }
}

/** An id that no other file has. `crypto.randomUUID` is missing on pages without HTTPS. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
