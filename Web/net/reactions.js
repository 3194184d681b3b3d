/** What people show for a moment: to the server, and from it into the store, many at a time. */

import { reactionCodes } from '../state/stage/reactions.js';
import { refusalIn } from './refusal.js';

/** @typedef {import('../state/stage/reactions.js').ReactionCode} ReactionCode */

/** What comes within this time, in milliseconds, is shown at once: a hall that claps costs no more than one who does. */
const gatherTime = 200;
/** More of them are not looked at. */
const gatherLimit = 200;

export class Reactions {
  #link;
  #store;
  #timing;
  /** @type {{ id: string, code: ReactionCode }[]} */
  #gathered = [];
  /** @type {any} */
  #timer;

  /**
   * @param {object} options
   * @param {import('./room-link.js').RoomLink} options.link
   * @param {import('../state/state.js').PageStore} options.store
   * @param {() => number} [options.now]  in milliseconds
   */
  constructor({ link, store, now = () => performance.now() }) {
    this.#link = link;
    this.#store = store;
    this.now = now;
    this.#timing = link.timing;
    link.hear('reaction', (shown) => this.#heard(shown?.id, shown?.reaction));
  }

  /**
   * Shows the others something, and this person too, unless the server does not take it: of no use later, it is not kept.
   *
   * @param {ReactionCode} code
   */
  async react(code) {
    if (!this.#link.isJoined) return;
    const refusal = await this.#link.request('react', { reaction: code }).then(refusalIn, () => refusalIn(undefined));
    const { self } = this.#store.get().members;
    if (!refusal) this.#heard(self, code);
    else if (!refusal.isPassing) this.#store.apply({ type: 'notice', sentence: refusal.sentence });
  }

  leave() {
    (this.#timing.clearTimeout ?? clearTimeout)(this.#timer);
    this.#timer = undefined;
    this.#gathered = [];
  }

  /** @param {unknown} id @param {unknown} code */
  #heard(id, code) {
    const known = reactionCodes.find((each) => each === code);
    if (typeof id !== 'string' || known === undefined || this.#gathered.length >= gatherLimit) return;
    this.#gathered.push({ id, code: known });
    this.#wait();
  }

  /** Looks again after a while, for as long as there is something to show or to take away. */
  #wait() {
    if (this.#timer !== undefined) return;
    const { setTimeout = (/** @type {() => void} */ callback, /** @type {number} */ delay) => globalThis.setTimeout(callback, delay) } = this.#timing;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, gatherTime);
  }

  #look() {
    const now = this.now();
    this.#store.apply({ type: 'reactions-over', now });
    if (this.#gathered.length > 0) this.#store.apply({ type: 'reactions', shown: this.#gathered, now });
    this.#gathered = [];
    if (this.#store.get().reactions.list.length > 0) this.#wait();
  }
}
