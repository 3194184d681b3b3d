/**
 * What people show for a moment, such as applause: of each person the last, and how often.
 *
 * @typedef {typeof reactionCodes[number]} ReactionCode
 *
 * @typedef {object} Reaction
 * @property {string} id  of the member
 * @property {ReactionCode} code
 * @property {number} count  how often in a row
 * @property {number} until  when it is over, in milliseconds
 *
 * @typedef {object} Reactions
 * @property {readonly Reaction[]} list  in the order in which they began
 *
 * @typedef {{ type: 'reactions', shown: readonly { id: string, code: ReactionCode }[], now: number }
 *   | { type: 'reactions-over', now: number }
 *   | { type: 'member-left', id: string }
 *   | { type: 'lobby' }
 *   | { type: 'left' }} ReactionsEvent
 */

/** What can be shown (docs/protocol.md). */
export const reactionCodes = /** @type {const} */ (['yes', 'no', 'applause', 'heart', 'laugh', 'wow', 'sad', 'party']);

/** How long one is shown, in milliseconds. */
export const reactionTime = 4000;
/** Those of so many people are shown at once; of more nobody sees who it is. */
const limit = 40;
/** So often is counted. */
const countLimit = 99;

/** @type {Reactions} */
export const noReactions = { list: [] };

/** @param {Reactions} reactions @param {ReactionsEvent | { type: '' }} event @returns {Reactions} */
export function reduceReactions(reactions, event) {
  switch (event.type) {
    case 'reactions':
      return { list: event.shown.reduce((list, { id, code }) => withOne(list, id, code, event.now + reactionTime), reactions.list) };
    case 'reactions-over':
      return without(reactions, ({ until }) => until <= event.now);
    case 'member-left':
      return without(reactions, ({ id }) => id === event.id);
    case 'lobby':
    case 'left':
      return without(reactions, () => true);
    default:
      return reactions;
  }
}

/**
 * What somebody shows at present.
 *
 * @param {Reactions} reactions
 * @param {string | undefined} id
 */
export function reactionOf({ list }, id) {
  return list.find((reaction) => reaction.id === id);
}

/** @param {readonly Reaction[]} list @param {string} id @param {ReactionCode} code @param {number} until */
function withOne(list, id, code, until) {
  const before = list.find((reaction) => reaction.id === id);
  if (!before) return list.length < limit ? [...list, { id, code, count: 1, until }] : list;
  const count = before.code === code ? Math.min(before.count + 1, countLimit) : 1;
  return list.map((reaction) => (reaction === before ? { id, code, count, until } : reaction));
}

/** @param {Reactions} reactions @param {(reaction: Reaction) => boolean} isOver @returns {Reactions} */
function without(reactions, isOver) {
  const list = reactions.list.filter((reaction) => !isOver(reaction));
  return list.length === reactions.list.length ? reactions : { list };
}
