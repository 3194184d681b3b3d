/**
 * As much of `RTCPeerConnection` as a call uses: signalling states, implicit rollback, `negotiationneeded` only when it
 * is stable, and a connection as soon as both descriptions are there.
 */

import { settle } from '../clock.js';

export class FakeConnection {
  static all = [];
  signalingState = 'stable';
  connectionState = 'new';
  iceConnectionState = 'new';
  localDescription = null;
  remoteDescription = null;
  sctp = null;
  #needed = false;
  #count = 0;
  #transceivers = [];

  constructor(configuration) {
    this.configuration = configuration;
    this.number = FakeConnection.all.push(this);
  }

  addTransceiver(kind) {
    this.#transceivers.push({ receiver: { track: { kind } }, sender: fakeSender(), direction: 'sendrecv' });
    this.#need();
    return this.#transceivers.at(-1);
  }

  getTransceivers() {
    return this.#transceivers;
  }

  createDataChannel() {
    return {};
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
    this.localDescription = { type, sdp: `${type} ${this.number}.${this.#count}` };
    this.signalingState = type === 'answer' ? 'stable' : 'have-local-offer';
    if (type === 'answer') this.#agreed();
  }

  async setRemoteDescription({ type, sdp }) {
    await settle();
    if (type === 'offer') {
      if (this.signalingState === 'have-local-offer') this.#needed = true;
      this.signalingState = 'have-remote-offer';
      if (this.#transceivers.length === 0) {
        for (const kind of ['audio', 'video']) this.#transceivers.push({ receiver: { track: { kind } }, sender: fakeSender() });
      }
    }
    this.remoteDescription = { type, sdp };
    if (type !== 'answer') return;
    this.signalingState = 'stable';
    this.#agreed();
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

  #agreed() {
    this.become('connected');
    queueMicrotask(() => this.#fire());
  }

  #need() {
    this.#needed = true;
    queueMicrotask(() => this.#fire());
  }

  #fire() {
    if (!this.#needed || this.signalingState !== 'stable') return;
    this.#needed = false;
    this.onnegotiationneeded?.();
  }
}

function fakeSender() {
  return { replaceTrack: async () => undefined, getParameters: () => ({ encodings: [] }), setStreams: () => undefined };
}
