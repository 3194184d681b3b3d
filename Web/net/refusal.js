/**
 * What the server's refusals come to (docs/protocol.md).
 *
 * @typedef {{ code?: unknown, argument?: unknown, limit?: unknown, retryAfter?: unknown }} ErrorOfServer
 * @typedef {{ error?: ErrorOfServer } | undefined} Answer
 */

/** Refusals that time mends: the same request may be granted later. */
const passing = new Set(['internal', 'too-many-requests', 'busy', 'not-stored', 'peer-busy', 'not-joined']);
/** The codes that there are words for. */
const spoken = /** @type {const} */ ([
  'refusal.bad-request',
  'refusal.busy',
  'refusal.denied',
  'refusal.locked',
  'refusal.not-allowed',
  'refusal.not-stored',
  'refusal.room-full',
  'refusal.too-many-requests',
  'refusal.version',
]);
/** No server is taken at its word for longer, in milliseconds. */
const longestWait = 60_000;

export class Refusal extends Error {
  code;
  /** The argument that was wrong, if it was one. */
  argument;
  /** The limit that was met, if it was one. */
  limit;
  /** How long the server asks to wait, in milliseconds; 0 if it does not say. */
  wait;

  /** @param {ErrorOfServer | undefined} error */
  constructor(error) {
    super(String(error?.code ?? 'internal'));
    this.code = this.message;
    this.argument = typeof error?.argument === 'string' ? error.argument : undefined;
    this.limit = typeof error?.limit === 'number' ? error.limit : undefined;
    this.wait = Math.min(Math.max(Number(error?.retryAfter) || 0, 0), longestWait);
  }

  get isPassing() {
    return passing.has(this.code);
  }

  /** What to tell the person while this page tries again; nothing of what passes before they notice. */
  get trouble() {
    return this.code === 'not-stored' || this.code === 'busy' ? this.sentence : undefined;
  }

  /**
   * What to tell the person when nothing is tried again.
   *
   * @returns {import('../i18n/t.js').Sentence}
   */
  get sentence() {
    if (this.code === 'bad-request' && this.argument === 'name') return { key: 'refusal.name' };
    return { key: spoken.find((key) => key === `refusal.${this.code}`) ?? 'refusal.unknown' };
  }
}

/**
 * The refusal in an acknowledgement, if it is one.
 *
 * @param {Answer} answer
 */
export function refusalIn(answer) {
  if (typeof answer === 'object' && answer !== null && !answer.error) return undefined;
  return new Refusal(answer?.error);
}
