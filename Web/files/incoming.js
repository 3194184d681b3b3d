/** The files that others send: what the person is asked about them, and what has come. */

import { FileReceiver } from './file-receiver.js';
import { Inbox } from './inbox.js';

/**
 * @typedef {import('../call/peer.js').Peer} Peer
 * @typedef {import('./files.js').FileRow} FileRow
 *
 * @typedef {object} Offer  a file that somebody wants to send, or has sent
 * @property {Peer} peer
 * @property {FileReceiver} receiver
 * @property {FileRow} row
 * @property {number} reserved  how many bytes are kept for it
 * @property {'ask' | 'yes' | 'no'} wish  of the person
 */

/** So many files are known again when they are offered again. */
export const knownLimit = 500;

export class Incoming {
  #inbox = new Inbox();
  /** @type {Set<Offer>} */
  #offers = new Set();
  /**
   * By sender and by what the sender calls them.
   *
   * @type {Map<string, Offer>}
   */
  #known = new Map();
  #makeRow;
  #onChange;

  /**
   * @param {object} options
   * @param {(peer: Peer) => FileRow} options.makeRow
   * @param {(row: FileRow) => void} options.onChange
   */
  constructor({ makeRow, onChange }) {
    this.#makeRow = makeRow;
    this.#onChange = onChange;
  }

  /** @param {Peer} peer @param {import('./transfer.js').Channel} channel */
  receive(peer, channel) {
    const receiver = new FileReceiver(channel);
    if (!this.#inbox.opened(peer.id)) {
      receiver.refuse('too-many');
      return;
    }
    channel.addEventListener('close', () => this.#inbox.closed(peer.id));
    let isOffered = false;
    /** @type {Offer | undefined} */
    let offer;
    receiver.onchange = () => {
      // Nothing was offered yet, so there is nothing to show.
      if (receiver.name === '') return;
      if (!isOffered) {
        isOffered = true;
        offer = this.#offered(peer, receiver);
        if (offer) this.#take(offer);
      } else if (offer?.receiver === receiver) {
        this.#show(offer);
      }
    };
  }

  /** @param {string} peer  the connection to whom is gone, with all that came over it */
  lose(peer) {
    for (const offer of [...this.#offers]) if (offer.peer.id === peer) offer.receiver.finish('failed', 'lost');
  }

  /** @param {Map<string, unknown>} people  who are there; the others have left */
  keepOnly(people) {
    for (const { peer, receiver } of [...this.#offers]) if (!people.has(peer.id)) receiver.finish('failed', 'left');
    // Mostly the connection ends first, and then it is known why.
    for (const { peer, row, wish } of this.#known.values()) {
      if (people.has(peer.id) || row.code !== 'lost' || wish === 'no') continue;
      row.code = 'left';
      this.#onChange(row);
    }
  }

  /** @param {Peer} peer @param {FileReceiver} receiver @returns {Offer | undefined} */
  #offered(peer, receiver) {
    const key = `${peer.id} ${receiver.id}`;
    const known = receiver.id === '' ? undefined : this.#known.get(key);
    if (known && known.receiver.size === receiver.size) return this.#offeredAgain(known, peer, receiver);
    if (receiver.state === 'waiting' && this.#inbox.judge(peer.id, receiver) === 'refuse') {
      receiver.refuse('refused', true);
      return undefined;
    }
    const row = this.#makeRow(peer);
    /** @type {Offer} */
    const offer = { peer, receiver, row, reserved: 0, wish: 'ask' };
    row.cancel = () => this.#cancel(offer);
    row.dismiss = () => this.#dismiss(offer);
    if (receiver.id !== '') this.#know(key, offer);
    return offer;
  }

  /** @param {Offer} offer @param {Peer} peer @param {FileReceiver} receiver */
  #offeredAgain(offer, peer, receiver) {
    if (offer.receiver.blob) {
      receiver.haveAlready();
      return undefined;
    }
    if (offer.wish === 'no') {
      receiver.refuse('refused');
      return undefined;
    }
    // One whose connection went without a word.
    offer.receiver.finish('failed', 'lost');
    return Object.assign(offer, { peer, receiver });
  }

  /** @param {Offer} offer */
  #take(offer) {
    this.#offers.add(offer);
    this.#consider(offer);
    this.#show(offer);
    this.#ask(offer.peer.id);
  }

  /** @param {string} key @param {Offer} offer */
  #know(key, offer) {
    this.#known.set(key, offer);
    for (const [old, { receiver }] of this.#known) {
      if (this.#known.size <= knownLimit) break;
      if (receiver.isFinished) this.#known.delete(old);
    }
  }

  /**
   * Receives what is offered if it may.
   *
   * @param {Offer} offer
   */
  #consider(offer) {
    const { peer, receiver, row } = offer;
    if (receiver.state !== 'waiting') return;
    const verdict = this.#inbox.judge(peer.id, receiver, offer.wish === 'yes');
    row.waitsFor = verdict === 'full' ? 'room' : 'answer';
    if (verdict === 'receive') {
      if (offer.wish === 'ask') this.#inbox.count(peer.id, receiver);
      offer.wish = 'yes';
      offer.reserved = receiver.size;
      this.#inbox.reserve(offer.reserved);
      receiver.accept();
    } else if (verdict === 'full') {
      offer.wish = 'yes';
      this.#show(offer);
    }
  }

  #considerAll() {
    for (const offer of [...this.#offers]) this.#consider(offer);
  }

  /**
   * One question for all that somebody wants to send, in the first of their rows.
   *
   * @param {string} person
   */
  #ask(person) {
    const open = this.#asked(person);
    const [first] = open;
    for (const offer of this.#offers) {
      if (offer.peer.id !== person || !offer.row.question || offer === first) continue;
      offer.row.question = undefined;
      this.#onChange(offer.row);
    }
    if (!first) return;
    first.row.question = {
      ...sumOf(open),
      accept: () => this.#answer(person, ({ batch }) => this.#inbox.agreeToBatch(person, batch)),
      acceptAlways: () => this.#answer(person, () => this.#inbox.agree(person)),
      refuse: () => this.#refuse(person),
    };
    this.#onChange(first.row);
  }

  /** @param {string} person @param {(receiver: FileReceiver) => void} agree */
  #answer(person, agree) {
    const open = this.#asked(person);
    for (const { receiver } of open) agree(receiver);
    for (const offer of open) {
      this.#inbox.count(person, offer.receiver);
      offer.wish = 'yes';
    }
    this.#considerAll();
    this.#ask(person);
  }

  /** @param {string} person */
  #refuse(person) {
    for (const offer of this.#asked(person)) {
      offer.wish = 'no';
      this.#inbox.refuseBatch(person, offer.receiver.batch);
      offer.receiver.refuse('refused', true);
    }
    this.#ask(person);
  }

  /** @param {string} person */
  #asked(person) {
    return [...this.#offers].filter(
      ({ peer, receiver, wish }) => peer.id === person && receiver.state === 'waiting' && wish === 'ask',
    );
  }

  /** @param {Offer} offer */
  #show(offer) {
    const { receiver, row } = offer;
    const { name, size, progress, state, code, digest, blob } = receiver;
    Object.assign(row, { name, size, progress, state, code, digest });
    if (receiver.isFinished) {
      this.#offers.delete(offer);
      row.question = undefined;
    }
    if (blob) row.url ??= URL.createObjectURL(blob);
    this.#onChange(row);
    if (!receiver.isFinished) return;
    if (!blob) this.#release(offer);
    this.#ask(offer.peer.id);
  }

  /** @param {Offer} offer */
  #cancel(offer) {
    offer.wish = 'no';
    offer.receiver.cancel();
  }

  /** @param {Offer} offer  whose file is saved, or not wanted any more */
  #dismiss(offer) {
    if (offer.row.url) URL.revokeObjectURL(offer.row.url);
    offer.row.url = undefined;
    offer.receiver.forget();
    offer.wish = 'no';
    this.#release(offer);
  }

  /** @param {Offer} offer */
  #release(offer) {
    if (offer.reserved === 0) return;
    this.#inbox.release(offer.reserved);
    offer.reserved = 0;
    this.#considerAll();
  }
}

/** @param {Offer[]} offers  of one sender */
function sumOf(offers) {
  const batches = new Map(offers.map(({ receiver }, index) => [receiver.batch.id || String(index), receiver.batch]));
  const sum = { files: 0, bytes: 0 };
  for (const { files, bytes } of batches.values()) {
    sum.files += files;
    sum.bytes += bytes;
  }
  return sum;
}
