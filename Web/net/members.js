/** Who is in a room: what the server tells of them goes into the store, and what a host does goes to the server. */

import { handOf, hasRaised } from '../state/members.js';
import { refusalIn } from './refusal.js';

export class Members {
  /** Whether this member is lowering its own hand: nobody need tell it. */
  #isLowering = false;
  #link;
  #store;

  /**
   * @param {object} options
   * @param {import('./room-link.js').RoomLink} options.link
   * @param {import('../state/state.js').PageStore} options.store
   */
  constructor({ link, store }) {
    this.#link = link;
    this.#store = store;
    link.on('connected', () => store.apply({ type: 'connected' }));
    link.on('lost', () => store.apply({ type: 'lost' }));
    link.on('waiting', () => store.apply({ type: 'waiting' }));
    link.on('trouble', (trouble) => store.apply({ type: 'trouble', trouble }));
    link.on('joined', ({ self, members, memberCount, room }) => {
      store.apply({ type: 'joined', self });
      this.#tellRecorders(() => store.apply({ type: 'members', members, count: memberCount }));
      store.apply({ type: 'room', room });
    });
    link.hear('member', (member) => this.#tellMember(member));
    link.hear('member-left', ({ id }) => store.apply({ type: 'member-left', id }));
    link.hear('members', ({ count }) => store.apply({ type: 'member-count', count }));
    link.hear('room', (room) => store.apply({ type: 'room', room }));
    link.hear('waiting', ({ members }) => this.#tellWaiting(members));
  }

  /** @param {string} id  of somebody who waits */
  admit(id) {
    return this.#ask('admit', { id });
  }

  /** @param {string} id  of somebody who waits */
  deny(id) {
    return this.#ask('deny', { id });
  }

  /** @param {boolean} locked  whether the room takes nobody new */
  lock(locked) {
    return this.#ask('lock', { locked });
  }

  /** @param {boolean} waiting  whether newcomers wait until somebody lets them in */
  letWait(waiting) {
    return this.#ask('settings', { waiting });
  }

  /** @param {string} [id]  of whose hand is lowered; all hands unless it is given */
  lowerHand(id) {
    return this.#ask('lower', id === undefined ? { all: true } : { id });
  }

  /** @param {boolean} raised  whether this member's hand is up */
  async raiseHand(raised) {
    // Nothing of it is kept for later: who is away sees that it is not up.
    if (!this.#link.isJoined) return;
    this.#isLowering = !raised;
    await this.#ask('hand', { raised });
    this.#isLowering = false;
  }

  /** @param {import('../state/members.js').Member} member */
  #tellMember(member) {
    const { members } = this.#store.get();
    const isRaised = hasRaised(members, member);
    const isLowered = member.id === members.self && handOf(members, member.id) > 0 && !member.hand && !this.#isLowering;
    this.#tellRecorders(() => this.#store.apply({ type: 'member', member }));
    if (isLowered) this.#store.apply({ type: 'notice', sentence: { key: 'note.hand-lowered' } });
    if (isRaised) this.#store.apply({ type: 'notice', sentence: { key: 'note.hand', values: { name: member.name } } });
  }

  /**
   * Says who begins and ceases to record; also of those who did when this member came.
   *
   * @param {() => void} change  makes the change of the list
   */
  #tellRecorders(change) {
    const { recording: before } = this.#store.get().members;
    change();
    const { recording: now, list, self } = this.#store.get().members;
    for (const { id, name, call } of list) {
      if (id === self || !call || now.includes(id) === before.includes(id)) continue;
      this.#store.apply({ type: 'notice', sentence: { key: now.includes(id) ? 'note.records' : 'note.records-no-more', values: { name } } });
    }
  }

  /** @param {import('../state/members.js').Waiting[]} waiting */
  #tellWaiting(waiting) {
    const known = new Set(this.#store.get().members.waiting.map(({ id }) => id));
    this.#store.apply({ type: 'waiting-list', members: waiting });
    for (const { id, name } of waiting) {
      if (!known.has(id)) this.#store.apply({ type: 'notice', sentence: { key: 'note.waits', values: { name } } });
    }
  }

  /** @param {string} name @param {object} value @returns {Promise<boolean>} whether it is done */
  async #ask(name, value) {
    const refusal = await this.#link.request(name, value).then(refusalIn, () => refusalIn(undefined));
    // Somebody else was quicker.
    if (refusal && refusal.code !== 'unknown-member') this.#store.apply({ type: 'notice', sentence: refusal.sentence });
    return refusal === undefined;
  }
}
