/**
 * What the server's refusals come to (docs/signalling.md).
 *
 * @typedef {{ error?: { code?: unknown, message?: unknown } } | undefined} Answer
 */

/** Refusals that time mends: the same request may be granted later. */
const passing = new Set(['internal', 'too-many-requests', 'busy', 'not-stored', 'peer-busy']);
/** The codes that there are words for. */
const spoken = /** @type {const} */ ([
  'refusal.bad-request',
  'refusal.busy',
  'refusal.not-stored',
  'refusal.room-full',
  'refusal.too-many-requests',
]);
/** No server is taken at its word for longer, in milliseconds. */
const longestWait = 60_000;

export class Refusal extends Error {
  code;
  /** How long the server asks to wait, in milliseconds; 0 if it does not say. */
  wait;

  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
    const [, seconds = '0'] = /try again in (\d+(?:\.\d+)?) ?s\b/i.exec(message) ?? [];
    this.wait = Math.min(Number(seconds) * 1000, longestWait);
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
    return { key: spoken.find((key) => key === `refusal.${this.code}`) ?? 'refusal.unknown' };
  }
}

/**
 * The refusal in an acknowledgement, if it is one.
 *
 * @param {Answer} answer
 */
export function refusalIn(answer) {
  const error = answer?.error;
  if (typeof answer === 'object' && answer !== null && !error) return undefined;
  return new Refusal(String(error?.code ?? 'internal'), String(error?.message ?? ''));
}
