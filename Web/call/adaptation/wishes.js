/**
 * What two peers tell each other of the pictures that they exchange, over the first channel of their connection: in which
 * sizes each is shown, so that none is sent larger than that, and whether one is held back (docs/protocol.md). Each message
 * is all there is to say, so that only the newest counts. A page that says nothing wants everything.
 *
 * @typedef {import('./shares.js').PictureKind} PictureKind
 * @typedef {import('./shares.js').Size} Size
 * @typedef {Partial<Record<PictureKind, Size>>} Sees
 * @typedef {{ sees: Sees, held: readonly PictureKind[] }} Wish
 */

import { beat } from '../recovery/pulse.js';
import { Turns } from './turns.js';

/** Other versions are not understood, and ignored. */
const version = 1;
/** Two sizes and some names take less than a hundred. */
const longest = 500;
/** No screen is larger, in pixels. */
const largest = 16_384;
/** Between two messages, in milliseconds; what comes faster waits for its turn, or for a newer one. */
export const pause = 100;
/** So long after a picture was away, its standing still says nothing of the connection, in milliseconds. */
const returning = 6000;
const kinds = /** @type {const} */ (['camera', 'screen']);

/** @type {Wish} */
const nothing = { sees: {}, held: [] };

/** @param {Wish} wish */
export function messageOf({ sees, held }) {
  const sizes = Object.entries(sees).map(([kind, { width, height }]) => [kind, [width, height]]);
  return JSON.stringify({ v: version, sees: Object.fromEntries(sizes.sort()), held });
}

/** @param {unknown} message @returns {Wish | undefined}  nothing if it is not one */
export function wishIn(message) {
  if (typeof message !== 'string' || message.length > longest) return undefined;
  const { v, sees, held } = objectIn(message);
  if (v !== version || !Array.isArray(held) || typeof sees !== 'object' || sees === null) return undefined;
  /** @type {Sees} */
  const sizes = {};
  for (const kind of kinds) {
    if (!Object.hasOwn(sees, kind)) continue;
    if (!isSize(sees[kind])) return undefined;
    const [width, height] = sees[kind];
    sizes[kind] = { width, height };
  }
  return { sees: sizes, held: kinds.filter((kind) => held.includes(kind)) };
}

/** @param {string} text @returns {Record<string, any>} */
function objectIn(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** @param {unknown} value @returns {value is [number, number]} */
function isSize(value) {
  return Array.isArray(value) && value.length === 2 && value.every((side) => Number.isInteger(side) && side >= 0 && side <= largest);
}

/** The wishes of both sides of one connection after the other. */
export class Wishes {
  /** What the peer says. */
  theirs = nothing;
  #own = nothing;
  #hasSpoken = false;
  /** @type {RTCDataChannel | undefined} */
  #channel;
  /** The last message on the present channel. */
  #sent = '';
  /** When a picture of the peer was away last. */
  #away = -Infinity;
  #sending;
  #taking;
  #now;

  /**
   * @param {object} options
   * @param {() => void} options.onChange  of what the peer says
   * @param {import('./turns.js').Timing} [options.timing]
   */
  constructor({ onChange, timing = {} }) {
    this.#now = timing.now ?? (() => performance.now());
    this.#sending = new Turns(pause, () => this.#send(), timing);
    /** @type {unknown} */
    let newest;
    this.#taking = new Turns(pause, () => {
      const wish = wishIn(newest);
      if (!wish || messageOf(wish) === messageOf(this.theirs)) return;
      this.#note();
      this.theirs = wish;
      onChange();
    }, timing);
    this.#heard = ({ data }) => {
      // What comes on the same channel and is not for here must not take the place of what is.
      if (data === beat) return;
      newest = data;
      this.#taking.ask();
    };
  }

  /** @type {(event: MessageEvent) => void} */
  #heard;

  /** What this side says. @returns {Wish} */
  get own() {
    return this.#own;
  }

  /** Whether a picture of the peer may stand still because it was not sent. */
  get mayStandStill() {
    this.#note();
    return this.#now() - this.#away < returning;
  }

  /** @param {Partial<Wish>} changes  of what this side says */
  say(changes) {
    this.#note();
    this.#own = { ...this.#own, ...changes };
    this.#hasSpoken = true;
    this.#sending.ask();
  }

  /** There is another connection, with nothing said on it; its channel comes. */
  reset() {
    this.#channel = undefined;
    this.#sent = '';
    this.theirs = nothing;
  }

  /** @param {RTCDataChannel} channel  of the present connection */
  use(channel) {
    this.#channel = channel;
    channel.onmessage = (event) => channel === this.#channel && this.#heard(event);
    channel.onopen = () => this.#sending.ask();
    this.#sending.ask();
  }

  stop() {
    this.reset();
    this.#sending.stop();
    this.#taking.stop();
  }

  #send() {
    const message = messageOf(this.#own);
    if (!this.#hasSpoken || message === this.#sent || this.#channel?.readyState !== 'open') return;
    this.#channel.send(message);
    this.#sent = message;
  }

  #note() {
    const isUnseen = Object.values(this.#own.sees).some(({ width, height }) => width * height === 0);
    if (isUnseen || this.theirs.held.length > 0) this.#away = this.#now();
  }
}
