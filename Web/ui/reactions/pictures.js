/**
 * What is shown of each reaction; its name is in the catalogue.
 *
 * @type {Readonly<Record<import('../../state/stage/reactions.js').ReactionCode, string>>}
 */
export const pictures = { yes: '👍', no: '👎', applause: '👏', heart: '❤️', laugh: '😂', wow: '😮', sad: '😢', party: '🎉' };
