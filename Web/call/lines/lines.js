/**
 * The media lines of a connection, and what is sent on each (docs/protocol.md, "Which track is which").
 *
 * They are told apart by their place: the first line of sound is the voice and the second one that of a shared screen; of
 * pictures, the first one is the camera's. All are there from the first offer, so that nothing that is switched on later
 * makes lines grow, or crosses with what the other side adds.
 *
 * @typedef {'microphone' | 'camera' | 'screen' | 'screenSound'} Role
 * @typedef {Partial<Record<Role, MediaStreamTrack>>} Tracks
 */

import { preferRedundancy } from '../adaptation/sound.js';

/** In the order of the lines. */
const roles = /** @type {const} */ (['microphone', 'camera', 'screen', 'screenSound']);
/** @type {Record<'audio' | 'video', readonly [Role, Role]>} */
const rolesOfKind = { audio: ['microphone', 'screenSound'], video: ['camera', 'screen'] };

export class Lines {
  /**
   * Whether the peer knows of lines for a screen; nothing while that can't be told. To one that does not, a screen is sent
   * in the place of the camera.
   *
   * @type {boolean | undefined}
   */
  takesScreen;
  #media;
  /** @type {Partial<Record<Role, RTCRtpTransceiver>>} */
  #transceivers = {};

  /** @param {import('../media.js').Media} media  what is sent */
  constructor(media) {
    this.#media = media;
  }

  /**
   * What sends, by what it sends, as far as there is a line for it.
   *
   * @returns {Partial<Record<Role, RTCRtpSender>>}
   */
  get senders() {
    /** @type {Partial<Record<Role, RTCRtpSender>>} */
    const senders = Object.fromEntries(roles.flatMap((role) => (this.#transceivers[role] ? [[role, this.#transceivers[role]?.sender]] : [])));
    if (this.takesScreen !== false || !this.#media.screenTrack) return senders;
    const { camera, ...others } = senders;
    return camera ? { ...others, screen: camera } : others;
  }

  /** What the voice of the other side comes by. */
  get voice() {
    return this.#transceivers.microphone?.receiver;
  }

  /** There is another connection to the same page, without any lines as yet. */
  reset() {
    this.#transceivers = {};
  }

  /**
   * Makes the lines of a first offer.
   *
   * @param {RTCPeerConnection} connection
   */
  open(connection) {
    const tracks = this.#tracks;
    for (const role of roles) {
      // Whoever does not know of a screen would take it for the camera: it is asked first.
      const direction = isOfScreen(role) && tracks[role] === undefined ? 'recvonly' : 'sendrecv';
      this.#transceivers[role] = connection.addTransceiver(tracks[role] ?? kindOf(role), { direction, streams: [this.#streamOf(role)] });
    }
    preferRedundancy(this.#transceivers.microphone);
  }

  /**
   * Sends on the lines of the peer's offer.
   *
   * @param {RTCPeerConnection} connection
   */
  async answer(connection) {
    for (const role of roles) this.#adopt(connection, role);
    if (!this.#transceivers.screen) this.takesScreen ??= false;
    await this.send();
  }

  /** Both sides have agreed on something: whether the peer knows of lines for a screen can be told by what it said of them. */
  settle() {
    const { screen } = this.#transceivers;
    if (this.takesScreen !== undefined || !screen?.currentDirection) return false;
    this.takesScreen = screen.currentDirection === 'recvonly' || screen.currentDirection === 'sendrecv';
    return true;
  }

  /** Sends what there is by now. */
  async send() {
    const tracks = this.#tracks;
    const changes = roles.map((role) => {
      const transceiver = this.#transceivers[role];
      if (transceiver && tracks[role] && transceiver.direction === 'recvonly') transceiver.direction = 'sendrecv';
      return transceiver?.sender.replaceTrack(tracks[role] ?? null);
    });
    await Promise.all(changes);
  }

  /**
   * Whether what comes by a line is of a screen. Lines beyond those that there should be are more of voice and camera.
   *
   * @param {RTCPeerConnection} connection
   * @param {RTCRtpTransceiver} transceiver
   */
  isOfScreen(connection, transceiver) {
    const { screen, screenSound } = this.#transceivers;
    if (transceiver === screen || transceiver === screenSound) return true;
    return Object.values(this.#transceivers).includes(transceiver) ? false : agreedOf(connection, transceiver.receiver.track.kind)[1] === transceiver;
  }

  /** @param {RTCPeerConnection} connection @param {Role} role */
  #adopt(connection, role) {
    const kind = kindOf(role);
    const offered = agreedOf(connection, kind)[rolesOfKind[kind].indexOf(role)];
    const before = this.#transceivers[role];
    if (offered && offered !== before) {
      // Stopped, browsers would ask to agree on it for ever.
      if (before?.mid === null) before.direction = 'inactive';
      offered.direction = 'sendrecv';
      offered.sender.setStreams?.(this.#streamOf(role));
      this.#transceivers[role] = offered;
      if (role === 'screen') this.takesScreen = true;
      if (role === 'microphone') preferRedundancy(offered);
    } else if (!offered && !before && !isOfScreen(role) && this.#tracks[role]) {
      this.#transceivers[role] = connection.addTransceiver(this.#tracks[role] ?? kind, { direction: 'sendrecv', streams: [this.#streamOf(role)] });
    }
  }

  /** @returns {Tracks} what is sent to this peer */
  get #tracks() {
    const { audioTrack: microphone, videoTrack, screenTrack, screenSound } = this.#media;
    if (this.takesScreen) return { microphone, camera: videoTrack, screen: screenTrack, screenSound };
    return { microphone, camera: this.takesScreen === false ? screenTrack ?? videoTrack : videoTrack };
  }

  /** @param {Role} role */
  #streamOf(role) {
    return isOfScreen(role) ? this.#media.screenStream : this.#media.stream;
  }
}

/** @param {Role} role @returns {'audio' | 'video'} */
function kindOf(role) {
  return role === 'microphone' || role === 'screenSound' ? 'audio' : 'video';
}

/** @param {Role} role */
function isOfScreen(role) {
  return role === 'screen' || role === 'screenSound';
}

/**
 * The lines of a kind that an offer or answer has, in its order.
 *
 * @param {RTCPeerConnection} connection
 * @param {string} kind
 */
function agreedOf(connection, kind) {
  return connection.getTransceivers().filter(({ mid, receiver, direction }) => mid !== null && direction !== 'stopped' && receiver.track.kind === kind);
}
