/**
 * As much of `RTCPeerConnection` as a call uses: signalling states, implicit rollback, `negotiationneeded` only when it
 * is stable, media lines with their directions (JSEP, RFC 9429), and a connection as soon as both descriptions are there.
 */

import { settle } from '../clock.js';

const reversed = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

export class FakeConnection {
  static all = [];
  signalingState = 'stable';
  connectionState = 'new';
  iceConnectionState = 'new';
  localDescription = null;
  remoteDescription = null;
  sctp = null;
  #needed = false;
  #isTold = false;
  #count = 0;
  #transceivers = [];
  /** Those that the offer of this side has made lines of. */
  #offered = [];

  constructor(configuration) {
    this.configuration = configuration;
    this.number = FakeConnection.all.push(this);
  }

  addTransceiver(of, { direction = 'sendrecv' } = {}) {
    const made = this.#make(of.kind ?? of, direction);
    made.sender.track = of.kind ? of : null;
    this.#need();
    return made;
  }

  getTransceivers() {
    return this.#transceivers;
  }

  createDataChannel() {
    return new EventTarget();
  }

  setConfiguration(configuration) {
    this.configuration = configuration;
  }

  async getStats() {
    return new Map();
  }

  restartIce() {
    this.#need();
  }

  async setLocalDescription() {
    await settle();
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.#count += 1;
    if (type === 'offer') this.#offerLines();
    const lines = this.#lines().map((line) => [line.receiver.track.kind, type === 'offer' ? line.direction : meet(line.direction, reversed[line.remote])]);
    this.localDescription = { type, sdp: `${type} ${this.number}.${this.#count} ${JSON.stringify(lines)}` };
    if (type === 'offer') this.signalingState = 'have-local-offer';
    else this.#agreed(lines.map(([, direction]) => direction));
  }

  async setRemoteDescription({ type, sdp }) {
    await settle();
    const lines = JSON.parse(sdp.replace(/^\S+ \S+ ?/, '') || '[]');
    if (type === 'offer') {
      if (this.signalingState === 'have-local-offer') this.#rollBack();
      this.signalingState = 'have-remote-offer';
      for (const [index, [kind, direction]] of lines.entries()) {
        const line = this.#lines()[index] ?? Object.assign(this.#make(kind, 'recvonly'), { mid: String(index) });
        line.remote = direction;
      }
    }
    this.remoteDescription = { type, sdp };
    for (const [index, [, direction]] of lines.entries()) if (direction.startsWith('send')) this.#tell(this.#lines()[index]);
    if (type === 'answer') this.#agreed(lines.map(([, direction]) => reversed[direction]));
  }

  async addIceCandidate() {}

  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close() {
    this.signalingState = 'closed';
    this.connectionState = 'closed';
  }

  #lines() {
    return this.#transceivers.filter(({ mid }) => mid !== null).sort((a, b) => a.mid - b.mid);
  }

  #make(kind, direction) {
    const changed = () => queueMicrotask(() => this.#fire());
    const made = {
      mid: null,
      currentDirection: null,
      receiver: { track: { kind } },
      sender: fakeSender(),
      get direction() {
        return direction;
      },
      set direction(value) {
        direction = value;
        changed();
      },
      stop: () => {
        this.#transceivers = this.#transceivers.filter((other) => other !== made);
        direction = 'stopped';
      },
    };
    this.#transceivers.push(made);
    return made;
  }

  #offerLines() {
    this.#offered = this.#transceivers.filter(({ mid }) => mid === null);
    for (const line of this.#offered) line.mid = String(this.#lines().length);
  }

  #rollBack() {
    for (const line of this.#offered) line.mid = null;
    this.#needed = true;
  }

  #tell(line) {
    this.ontrack?.({ track: line.receiver.track, transceiver: line });
  }

  #agreed(directions) {
    for (const [index, line] of this.#lines().entries()) Object.assign(line, { currentDirection: directions[index], agreed: line.direction });
    this.#offered = [];
    this.#isTold = false;
    this.signalingState = 'stable';
    this.onsignalingstatechange?.();
    this.become('connected');
    queueMicrotask(() => this.#fire());
  }

  #need() {
    this.#needed = true;
    queueMicrotask(() => this.#fire());
  }

  #fire() {
    const isNeeded = this.#needed || this.#transceivers.some(({ mid, direction, agreed }) => mid === null || direction !== agreed);
    if (!isNeeded || this.#isTold || this.signalingState !== 'stable') return;
    this.#needed = false;
    this.#isTold = true;
    this.onnegotiationneeded?.();
  }
}

/** What both sides of a line want. */
function meet(one, other) {
  const sends = (direction) => direction === 'sendrecv' || direction === 'sendonly';
  const receives = (direction) => direction === 'sendrecv' || direction === 'recvonly';
  if (sends(one) && sends(other)) return receives(one) && receives(other) ? 'sendrecv' : 'sendonly';
  return receives(one) && receives(other) ? 'recvonly' : 'inactive';
}

function fakeSender() {
  return {
    track: null,
    async replaceTrack(track) {
      this.track = track;
    },
    getParameters: () => ({ encodings: [] }),
    setStreams: () => undefined,
  };
}
