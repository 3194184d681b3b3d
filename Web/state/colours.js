/**
 * The colours of people: always the same one for a name, as far as nobody else in the room has it.
 *
 * @typedef {ReadonlyMap<string, number>} Colours  by the name
 *
 * @typedef {{ type: 'members', members: readonly { name: string }[] }
 *   | { type: 'member', member: { name: string } }
 *   | { type: 'entering', name: string }
 *   | { type: 'lobby' }} ColoursEvent
 */

/** So many colours there are (ui/controls/controls.css). */
export const colourCount = 8;
/** So many names keep theirs; among more, colours repeat anyway. */
const limit = 500;

/** @type {Colours} */
export const noColours = new Map();

/** @param {Colours} colours @param {ColoursEvent | { type: '' }} event @returns {Colours} */
export function reduceColours(colours, event) {
  switch (event.type) {
    case 'lobby':
      return noColours;
    case 'entering':
      return withNames(colours, [event.name]);
    case 'members':
      return withNames(colours, event.members.map(({ name }) => name));
    case 'member':
      return withNames(colours, [event.member.name]);
    default:
      return colours;
  }
}

/** @param {Colours} colours @param {string} name */
export function colourOf(colours, name) {
  return colours.get(name) ?? preferred(name);
}

/** @param {Colours} colours @param {string[]} names @returns {Colours} */
function withNames(colours, names) {
  const added = names.filter((name) => !colours.has(name));
  if (added.length === 0 || colours.size >= limit) return colours;
  const now = new Map(colours);
  const uses = new Array(colourCount).fill(0);
  for (const colour of colours.values()) uses[colour] += 1;
  for (const name of added) {
    if (now.has(name) || now.size >= limit) continue;
    const colour = leastUsed(uses, preferred(name));
    uses[colour] += 1;
    now.set(name, colour);
  }
  return now;
}

/** @param {number[]} uses @param {number} first  where to begin to look */
function leastUsed(uses, first) {
  const fewest = Math.min(...uses);
  for (let step = 0; step < uses.length; step += 1) {
    const colour = (first + step) % uses.length;
    if (uses[colour] === fewest) return colour;
  }
  return first;
}

/** @param {string} name */
function preferred(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % colourCount;
}
