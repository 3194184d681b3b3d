/**
 * Who is in the room, and who of them types: the server names the first of them and counts the others.
 *
 * @typedef {{ id: string, name: string }} Person
 *
 * @typedef {object} People
 * @property {string | undefined} self  the id of this member
 * @property {readonly Person[]} named  those whose names are known, in the order in which they came
 * @property {number} count  of all
 * @property {readonly Person[]} typing
 *
 * @typedef {{ type: 'joined', self: string }
 *   | { type: 'people', people: readonly Person[], count?: unknown }
 *   | { type: 'person-joined', person: Person }
 *   | { type: 'person-left', id: string }
 *   | { type: 'typing', id: string, name?: string }
 *   | { type: 'messages', messages: readonly { author: string }[] }
 *   | { type: 'lost' }} PeopleEvent  `typing` without a name: not any more
 */

/** So many are kept by name; a list of more is of no use, and each costs a row. */
const namedLimit = 200;
/** So many typing people are kept; more are several in any case. */
const typingLimit = 20;

/** @type {People} */
export const nobody = { self: undefined, named: [], count: 0, typing: [] };

/** @param {People} people @param {PeopleEvent | { type: '' }} event @returns {People} */
export function reducePeople(people, event) {
  switch (event.type) {
    case 'joined':
      return { ...people, self: event.self };
    case 'people': {
      const counted = typeof event.count === 'number' && Number.isSafeInteger(event.count) ? event.count : 0;
      return { ...people, named: event.people.slice(0, namedLimit), count: Math.max(event.people.length, counted) };
    }
    case 'person-joined':
      return joined(people, event.person);
    case 'person-left':
      return left(notTyping(people, event.id), event.id);
    case 'typing':
      return event.name === undefined ? notTyping(people, event.id) : typing(people, { id: event.id, name: event.name });
    case 'messages':
      return event.messages.reduce((now, { author }) => notTyping(now, author), people);
    case 'lost':
      return people.typing.length === 0 ? people : { ...people, typing: [] };
    default:
      return people;
  }
}

/**
 * How many there are beside those with a name.
 *
 * @param {People} people
 */
export function othersOf({ named, count }) {
  return count - named.length;
}

/** @param {People} people @param {Person} person @returns {People} */
function joined(people, person) {
  const { named, count } = people;
  const isKnown = named.some(({ id }) => id === person.id);
  if (isKnown) return { ...people, named: named.map((other) => (other.id === person.id ? person : other)) };
  return { ...people, named: named.length < namedLimit ? [...named, person] : named, count: count + 1 };
}

/** @param {People} people @param {string} id @returns {People} */
function left(people, id) {
  const named = people.named.filter((person) => person.id !== id);
  if (named.length < people.named.length) return { ...people, named, count: people.count - 1 };
  // Somebody without a name here is one of the others.
  return othersOf(people) > 0 ? { ...people, count: people.count - 1 } : people;
}

/** @param {People} people @param {Person} person @returns {People} */
function typing(people, person) {
  if (people.typing.some(({ id, name }) => id === person.id && name === person.name)) return people;
  const others = people.typing.filter(({ id }) => id !== person.id);
  return others.length < typingLimit ? { ...people, typing: [...others, person] } : people;
}

/** @param {People} people @param {string} id @returns {People} */
function notTyping(people, id) {
  return people.typing.some((person) => person.id === id)
    ? { ...people, typing: people.typing.filter((person) => person.id !== id) }
    : people;
}
