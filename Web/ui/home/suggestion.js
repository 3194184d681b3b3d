/** Names for rooms that nobody guesses: whoever knows the name of a room may enter it. */

const moods =
  'amber azure bold brave bright brisk calm cheery civil clear clever cosy curious eager early fair fancy fine fleet fond fresh gentle glad golden grand happy hardy honest jolly keen kind lively loyal lucky mellow merry mild modest neat nimble noble open patient plain polite proud quick quiet rapid ready royal silver simple smooth snug steady sunny sweet swift tidy vivid warm wise witty'.split(
    ' ',
  );
const things =
  'acorn anchor apple badger beacon birch bridge brook candle canyon cedar cherry cloud clover comet coral desert dolphin ember falcon feather fern fjord forest fox garden glacier harbor heron island ivory jasmine kettle lagoon lantern lemon lily lynx maple meadow mint moon mountain oasis ocean olive orchid otter panda pebble pepper pine planet prairie river robin saffron sparrow thistle tulip valley violet walnut willow'.split(
    ' ',
  );
/** Without those that are mistaken for each other: i, l, o, 0 and 1. */
const letters = [...'abcdefghjkmnpqrstuvwxyz23456789'];

/**
 * What a suggested name is made of: for each hyphenated part the choices for its pieces. Two pairs of words to
 * recognise a room by, and letters that make it 63 bits together.
 */
export const suggestionParts = [
  [moods],
  [things],
  [moods],
  [things],
  [letters, letters, letters, letters],
  [letters, letters, letters, letters],
];

/**
 * A room name that can be read to somebody on the telephone, and is too long to be found by trying.
 *
 * @param {(count: number) => number} [below]  a random whole number from 0 to less than `count`
 */
export function suggestRoom(below = randomBelow) {
  const pick = (/** @type {string[]} */ choices) => choices[below(choices.length)] ?? '';
  return suggestionParts.map((part) => part.map(pick).join('')).join('-');
}

/**
 * A random whole number from 0 to less than `count`, each as likely as the others.
 *
 * @param {number} count
 * @param {(words: Uint32Array) => Uint32Array} [fill]  with random bits
 */
export function randomBelow(count, fill = (words) => crypto.getRandomValues(words)) {
  // The rest above the last whole multiple would make the first numbers likelier.
  const end = 2 ** 32 - (2 ** 32 % count);
  const words = new Uint32Array(1);
  for (;;) {
    const [word = end] = fill(words);
    if (word < end) return word % count;
  }
}
