/**
 * Finds out that a peer can't be heard any more, seconds before the browser says so.
 *
 * A browser asks a path that works whether it still does every few seconds only, and `disconnected` comes five to seven
 * seconds after the last packet. So each side says something twice a second over the channel `linkup` (docs/protocol.md,
 * "What peers tell each other"), as sound and pictures may pause; whatever comes counts.
 *
 * @typedef {object} PulseOptions
 * @property {() => number} newest  another number whenever sound or a picture of the peer has been played
 * @property {() => void} onQuiet  nothing has come for a moment: the way to the server may be gone as well
 * @property {() => void} onLost  nothing has come for so long that the path is taken for lost
 * @property {() => void} onBack  something comes again
 * @property {() => number} [now]  milliseconds
 * @property {(callback: () => void, delay: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 */

/** What is said. */
export const beat = 'beat';
/** Between two looks, in milliseconds; at every second one a beat is sent. */
const interval = 250;
/** A look that comes so much later was held up with all that has come meanwhile, and says nothing. */
const delayLimit = 500;
/** How long nothing may come; a beat that was lost is sent again after 0.4 s. */
const quietTime = 700;
const lossTime = 1200;
/**
 * How far apart beats are, and at most, in milliseconds: the timers of a hidden page may come once a second, and whoever has
 * neither microphone nor camera sends nothing else.
 */
const pace = { usual: 500, slowest: 2000 };

export class Pulse {
  /** @type {RTCDataChannel | undefined} */
  #channel;
  /** Whether the peer sends beats; of one that does not, silence says nothing. */
  #hasBeaten = false;
  #lastBeat = 0;
  /** How much longer nothing may come than usual, from a peer whose beats come more slowly. */
  #slack = 0;
  /** When something came last. */
  #heard = 0;
  #newest = 0;
  /** @type {'well' | 'quiet' | 'lost'} */
  #state = 'well';
  #looks = 0;
  #lastLook = 0;
  /** @type {any} */
  #timer;
  #options;
  #now;

  /** @param {PulseOptions} options */
  constructor(options) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** There is another connection; its channel comes. */
  reset() {
    (this.#options.clearTimeout ?? clearTimeout)(this.#timer);
    this.#channel = undefined;
    this.#hasBeaten = false;
    this.#state = 'well';
  }

  /** @param {RTCDataChannel} channel  of the present connection */
  use(channel) {
    this.reset();
    this.#channel = channel;
    this.#wait();
    channel.addEventListener('message', ({ data }) => {
      if (data !== beat || channel !== this.#channel) return;
      const now = this.#now();
      const gap = this.#hasBeaten ? Math.min(now - this.#lastBeat, pace.slowest) : pace.usual;
      this.#slack = 2 * Math.max(0, gap - pace.usual);
      this.#hasBeaten = true;
      this.#lastBeat = this.#heard = now;
    });
  }

  #wait() {
    this.#lastLook = this.#now();
    const { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay) } = this.#options;
    this.#timer = setTimeout(() => this.#look(), interval);
  }

  #look() {
    const now = this.#now();
    const newest = this.#options.newest();
    const isLate = now - this.#lastLook > interval + delayLimit;
    if (newest !== this.#newest || isLate) this.#heard = now;
    this.#newest = newest;
    this.#wait();
    this.#looks += 1;
    if ((isLate || this.#looks % 2 === 0) && this.#channel?.readyState === 'open') this.#channel.send(beat);
    if (this.#hasBeaten) this.#judge(now - this.#heard - this.#slack);
  }

  /** @param {number} quiet  for how long nothing has come, in milliseconds */
  #judge(quiet) {
    const { onQuiet, onLost, onBack } = this.#options;
    const before = this.#state;
    if (quiet < quietTime) this.#state = 'well';
    else if (quiet < lossTime) this.#state = before === 'lost' ? 'lost' : 'quiet';
    else this.#state = 'lost';
    if (before === this.#state) return;
    if (this.#state === 'quiet') onQuiet();
    else if (this.#state === 'lost') onLost();
    else if (before === 'lost') onBack();
  }
}
