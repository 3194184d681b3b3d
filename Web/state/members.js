/**
 * Who is in the room, who of them types, and who waits to be let in. In a large room the server names some, and counts
 * all.
 *
 * @typedef {object} Member
 * @property {string} id
 * @property {string} name
 * @property {'host' | 'moderator' | 'member' | 'guest'} role
 * @property {boolean} away  has no connection to the server at present
 * @property {number} hand  0, or the number of its raised hand: it grows with each hand that is raised in the room
 * @property {{ stay: string, away: boolean, audio: boolean, video: boolean, screen: boolean, recording?: boolean }} [call]
 *   missing if it is not in the call; `away` if nobody reaches it there, though it may have another page; `recording` if
 *   it says that it records the call
 *
 * @typedef {{ name: string, locked: boolean, waiting: boolean, newcomers: string }} RoomSettings
 * @typedef {{ id: string, name: string }} Waiting
 *
 * @typedef {object} Members
 * @property {string | undefined} self  the id of this member
 * @property {readonly Member[]} list  those who are named, in the order in which they came
 * @property {number} count  of all
 * @property {readonly string[]} typing  ids
 * @property {readonly string[]} sharing  who else in the call shows a screen, in the order in which they began
 * @property {readonly string[]} recording  who records the call, in the order in which they came
 * @property {readonly string[]} hands  whose hand is up, in the order in which they were raised
 * @property {readonly Waiting[]} waiting
 * @property {boolean} isLocked  whether the room takes nobody new
 * @property {boolean} newcomersWait  whether they wait until somebody lets them in
 *
 * @typedef {{ type: 'joined', self: string }
 *   | { type: 'members', members: readonly Member[], count?: unknown }
 *   | { type: 'member', member: Member }
 *   | { type: 'member-left', id: string }
 *   | { type: 'member-count', count: unknown }
 *   | { type: 'room', room: { locked: boolean, waiting: boolean } }
 *   | { type: 'waiting-list', members: readonly Waiting[] }
 *   | { type: 'typing', id: string, isActive: boolean }
 *   | { type: 'messages', messages: readonly { author: string }[] }
 *   | { type: 'lost' }} MembersEvent
 */

import { changed, keepEqual } from './store.js';

/** So many are kept by name, and who comes to the call; a list of more is of no use, and each costs a row. */
const namedLimit = 200;
/** So many typing people are kept; more are several in any case. */
const typingLimit = 20;

/** @type {Members} */
export const nobody = { self: undefined, list: [], count: 0, typing: [], sharing: [], recording: [], hands: [], waiting: [], isLocked: false, newcomersWait: false };

/** @param {Members} members @param {MembersEvent | { type: '' }} event @returns {Members} */
export function reduceMembers(members, event) {
  const now = reduceList(members, event);
  return now.list === members.list && now.self === members.self ? now : changed(now, { sharing: sharingIn(now, event.type === 'member-left' ? event.id : undefined), recording: recordingIn(now), hands: handsIn(now) });
}

/** @param {Members} members @param {MembersEvent | { type: '' }} event @returns {Members} */
function reduceList(members, event) {
  switch (event.type) {
    case 'joined':
      // Who may admit is told anew who waits.
      return { ...members, self: event.self, waiting: [] };
    case 'members': {
      const list = keepEqual(members.list, event.members.slice(0, namedLimit), ({ id }) => id);
      return { ...members, list, count: Math.max(event.members.length, countOf(event.count)) };
    }
    case 'member':
      return came(members, event.member);
    case 'member-left':
      return left(notTyping(members, event.id), event.id);
    case 'member-count':
      return changed(members, { count: Math.max(countOf(event.count), members.list.length) });
    case 'room':
      return changed(members, { isLocked: event.room.locked, newcomersWait: event.room.waiting });
    case 'waiting-list':
      return { ...members, waiting: event.members.slice(0, namedLimit) };
    case 'typing':
      return event.isActive ? typing(members, event.id) : notTyping(members, event.id);
    case 'messages':
      return event.messages.reduce((now, { author }) => notTyping(now, author), members);
    case 'lost':
      return members.typing.length === 0 ? members : { ...members, typing: [] };
    default:
      return members;
  }
}

/**
 * How many there are beside those with a name.
 *
 * @param {Members} members
 */
export function othersOf({ list, count }) {
  return count - list.length;
}

/**
 * Whether this member may lock the room and let others in.
 *
 * @param {Members} members
 */
export function isModerator({ self, list }) {
  const role = list.find(({ id }) => id === self)?.role;
  return role === 'host' || role === 'moderator';
}

/**
 * Whether this member may change what holds for the room.
 *
 * @param {Members} members
 */
export function isHost({ self, list }) {
  return list.some(({ id, role }) => id === self && role === 'host');
}

/**
 * Which of the raised hands that of a member is, counted from 1; 0 if it is not up.
 *
 * @param {Members} members
 * @param {string | undefined} id
 */
export function handOf({ hands }, id) {
  return id === undefined ? 0 : hands.indexOf(id) + 1;
}

/**
 * Whether this member may lower the hand of another one: those of hosts are for hosts, and one's own is no order.
 *
 * @param {Members} members
 * @param {Member} member
 */
export function mayLower(members, { id, role, hand }) {
  const own = members.list.find((member) => member.id === members.self)?.role;
  return hand > 0 && id !== members.self && isModerator(members) && (own === 'host' || role !== 'host');
}

/**
 * The names of the others who record the call.
 *
 * @param {Members} members
 */
export function recorderNames({ recording, list, self }) {
  return list.filter(({ id }) => id !== self && recording.includes(id)).map(({ name }) => name);
}

/**
 * Whether what is told of a member is that it has just raised its hand: somebody else whose hand was known to be down.
 *
 * @param {Members} members  as they were before
 * @param {Member} member
 */
export function hasRaised({ self, list }, { id, hand }) {
  const known = list.find((member) => member.id === id);
  return self !== undefined && id !== self && known !== undefined && !known.hand && hand > 0;
}

/**
 * Whether what is told of a member is that it records the call from now on.
 *
 * @param {Members} members  as they were before
 * @param {Member} member
 */
export function hasBegunToRecord({ self, recording }, { id, call }) {
  return self !== undefined && id !== self && call?.recording === true && !recording.includes(id);
}

/**
 * The names of those who type, as far as they are known.
 *
 * @param {Members} members
 */
export function typingNames({ typing: ids, list }) {
  return ids.flatMap((id) => list.find((member) => member.id === id)?.name ?? []);
}

/**
 * Those of before who still share, then those who have begun. A server that was lost knows nobody until they come back,
 * and what they share comes from them all the while.
 *
 * @param {Members} members
 * @param {string | undefined} gone  who has left
 */
function sharingIn({ sharing: before, list, self }, gone) {
  const now = list.filter(({ id, call }) => call?.screen && id !== self).map(({ id }) => id);
  const goesOn = (/** @type {string} */ id) => id !== gone && !list.some((member) => member.id === id);
  const order = [...before.filter((id) => now.includes(id) || goesOn(id)), ...now.filter((id) => !before.includes(id))];
  return sameOrder(before, order);
}

/** @param {Members} members */
function recordingIn({ recording: before, list }) {
  return sameOrder(before, list.filter(({ call }) => call?.recording === true).map(({ id }) => id));
}

/** @param {Members} members  in the order of the server's numbers */
function handsIn({ hands: before, list }) {
  const raised = list.filter(({ hand }) => hand > 0).sort((a, b) => a.hand - b.hand);
  return sameOrder(before, raised.map(({ id }) => id));
}

/** @param {readonly string[]} before @param {readonly string[]} now */
function sameOrder(before, now) {
  return now.length === before.length && now.every((id, index) => id === before[index]) ? before : now;
}

/** @param {unknown} count */
function countOf(count) {
  return typeof count === 'number' && Number.isSafeInteger(count) ? count : 0;
}

/** @param {Members} members @param {Member} member @returns {Members} */
function came(members, member) {
  const { list, count } = members;
  if (list.some(({ id }) => id === member.id)) {
    const now = keepEqual(list, list.map((other) => (other.id === member.id ? member : other)), ({ id }) => id);
    return changed(members, { list: now });
  }
  const isNamed = list.length < namedLimit || member.call !== undefined;
  return { ...members, list: isNamed ? [...list, member] : list, count: count + 1 };
}

/** @param {Members} members @param {string} id @returns {Members} */
function left(members, id) {
  const list = members.list.filter((member) => member.id !== id);
  if (list.length < members.list.length) return { ...members, list, count: members.count - 1 };
  // Somebody without a name here is one of the others.
  return othersOf(members) > 0 ? { ...members, count: members.count - 1 } : members;
}

/** @param {Members} members @param {string} id @returns {Members} */
function typing(members, id) {
  if (members.typing.includes(id) || members.typing.length >= typingLimit) return members;
  return { ...members, typing: [...members.typing, id] };
}

/** @param {Members} members @param {string} id @returns {Members} */
function notTyping(members, id) {
  return members.typing.includes(id) ? { ...members, typing: members.typing.filter((other) => other !== id) } : members;
}
