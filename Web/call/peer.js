/** Somebody else in the call: the connection to them, and what comes over it. */

import { Emitter } from '../client/emitter.js';
import { withSparseSound } from './adaptation/sound.js';
import { Wishes } from './adaptation/wishes.js';
import { fingerprintIn } from './fingerprint.js';
import { Lines } from './lines/lines.js';
import { Negotiation } from './negotiation/negotiation.js';
import { Pulse } from './recovery/pulse.js';
import { Reading } from './quality/reading.js';
import { Recovery } from './recovery/recovery.js';
import { RouteWatch } from './route-watch.js';

/**
 * @typedef {object} PeerInfo
 * @property {string} id
 * @property {string} name
 * @property {string} stay  another one means that the page of the peer is a new one, and has no connections
 * @property {boolean} isAway  whether its signalling connection is lost
 * @property {boolean} polite  whether this side gives way when two offers cross
 *
 * @typedef {object} PeerEvents
 * @property {[]} change  of anything that is shown
 * @property {[]} stream  there is another `stream`, or `screen`
 * @property {[]} quiet  nothing has come from it for a moment
 * @property {[]} back  something comes from it again
 * @property {[]} senders  they are others, or send other tracks
 * @property {[]} wishes  it shows pictures in other sizes, or holds one back
 * @property {[]} replaced  another connection has taken the place of the one before, and all that it carried
 * @property {[figures: import('./quality/figures.js').Figures]} figures  of the connection, every few seconds
 * @property {[channel: RTCDataChannel]} channel  that the other side opened for a file
 */

/** The channel that is opened with each connection, so that later ones need no new offer. */
const firstChannel = 'linkup';
/** How often figures are read, in milliseconds: what is sent adapts to them. */
const readingInterval = 2000;

/** @extends {Emitter<PeerEvents>} */
export class Peer extends Emitter {
  id;
  name;
  stay;
  /** Whether its signalling connection is lost. */
  isAway;
  /** Camera and voice. */
  stream = new MediaStream();
  #screen = new MediaStream();
  #lines;
  #negotiation;
  #recovery;
  #pulse;
  #watch;
  #reading = new Reading();
  #wishes = new Wishes({ onChange: () => this.dispatch('wishes') });
  #getConfiguration;
  /** Whether the relay of this side, if there is one, may be made with credentials that were replaced. */
  #hasOldRelay = false;

  /**
   * @param {object} options
   * @param {PeerInfo} options.info
   * @param {number} options.epoch  of the first connection
   * @param {number} [options.remoteEpoch]  the lowest that is taken from the other side
   * @param {import('./media.js').Media} options.media  what is sent
   * @param {() => RTCConfiguration} options.configuration  of the connections from now on
   * @param {() => boolean} options.canSignal
   * @param {(signal: import('./negotiation/negotiation.js').Signal) => void} options.send
   */
  constructor({ info, epoch, remoteEpoch, media, configuration, canSignal, send }) {
    super();
    this.id = info.id;
    this.name = info.name;
    this.stay = info.stay;
    this.isAway = info.isAway;
    this.#lines = new Lines(media);
    this.#getConfiguration = configuration;
    this.#pulse = new Pulse({
      newest: () => newestOf(this.pc),
      onQuiet: () => this.dispatch('quiet'),
      onLost: () => this.#recovery.lost(),
      onBack: () => {
        this.#recovery.isBack();
        this.dispatch('back');
      },
    });
    this.#negotiation = new Negotiation({
      polite: info.polite,
      epoch,
      remoteEpoch,
      makeConnection: () => this.#makeConnection(),
      attach: (connection, isOfferer) => this.#attach(connection, isOfferer),
      send,
      onError: (error) => console.warn('negotiation', this.id, error),
    });
    this.#recovery = new Recovery({
      isPolite: () => this.#negotiation.polite,
      canSignal,
      restart: () => this.#negotiation.restartIce(),
      renew: () => void this.#negotiation.renew(),
    });
    this.#watch = new RouteWatch({
      getConnection: () => this.pc,
      onChange: () => {
        this.#leaveOldRelay();
        this.dispatch('change');
      },
      onReport: (report) => this.#read(report),
      interval: readingInterval,
    });
  }

  /** The present connection. */
  get pc() {
    return this.#negotiation.connection;
  }

  /** A shared screen and its sound; nothing of a peer that sends one in the place of its camera, or that is not known yet. */
  get screen() {
    return this.#lines.takesScreen ? this.#screen : undefined;
  }

  /** What sends to this peer, by what it sends, as far as there is a line for it. */
  get senders() {
    return this.#lines.senders;
  }

  /** What the next one for the same person begins with. */
  get successor() {
    return this.#negotiation.successor;
  }

  /** @returns {RTCPeerConnectionState} */
  get connectionState() {
    return this.pc.connectionState;
  }

  /** The way to this peer; nothing while it is not known. */
  get route() {
    return this.#watch.path?.route;
  }

  /**
   * The certificates' fingerprints of both ends while there is a connection, each undefined where a description does not
   * have the one.
   */
  get fingerprints() {
    const { connectionState, currentLocalDescription, currentRemoteDescription } = this.pc;
    if (connectionState !== 'connected' || !currentLocalDescription || !currentRemoteDescription) return undefined;
    return { local: fingerprintIn(currentLocalDescription.sdp), remote: fingerprintIn(currentRemoteDescription.sdp) };
  }

  /**
   * Takes what the server says of this peer.
   *
   * @param {PeerInfo} info
   */
  update({ name, isAway, polite }) {
    Object.assign(this, { name, isAway });
    this.#negotiation.polite = polite;
    this.dispatch('change');
  }

  setAway() {
    this.isAway = true;
    this.dispatch('change');
  }

  /** @param {boolean} isClose  whether somebody looks at the figures, so that they are read more often */
  watchClosely(isClose) {
    this.#watch.watchClosely(isClose);
  }

  /** In which sizes the peer shows what is sent. */
  get sees() {
    return this.#wishes.theirs.sees;
  }

  /** Which pictures are not sent, to save the sound: by the peer, and by this side. */
  get held() {
    return { theirs: this.#wishes.theirs.held, own: this.#wishes.own.held };
  }

  /** @param {import('./adaptation/wishes.js').Sees} sees  in which sizes this side shows the pictures of the peer */
  see(sees) {
    this.#wishes.say({ sees });
  }

  /** @param {readonly import('./adaptation/wishes.js').PictureKind[]} held  which pictures are not sent, to save the sound */
  hold(held) {
    if (held.join() === this.#wishes.own.held.join()) return;
    this.#wishes.say({ held });
    this.dispatch('change');
  }

  get isConnected() {
    return this.connectionState === 'connected';
  }

  /** Makes the first offer. */
  start() {
    return this.#negotiation.start();
  }

  /** @param {import('./negotiation/negotiation.js').Signal} signal */
  receive(signal) {
    const { description } = signal;
    if (!description?.sdp) return this.#negotiation.receive(signal);
    return this.#negotiation.receive({ ...signal, description: { ...description, sdp: withSparseSound(description.sdp) } });
  }

  /** The signalling connection is there again, on one side or the other. */
  resynchronize() {
    this.#negotiation.resynchronize();
  }

  /** Gives the connection up for one by the present configuration. */
  async renew() {
    this.pc.setConfiguration(this.#getConfiguration());
    await this.#negotiation.renew();
  }

  networkChanged() {
    this.#recovery.networkChanged();
  }

  /** There is another configuration: new credentials for the relay. */
  async configure() {
    this.pc.setConfiguration(this.#getConfiguration());
    this.#hasOldRelay = true;
    await this.#watch.look();
    this.#leaveOldRelay();
  }

  /** Sends other tracks from now on. */
  async replaceTracks() {
    await this.#lines.send().catch((error) => console.warn('replaceTrack', this.id, error));
    this.dispatch('senders');
  }

  /** How loud the other side is, 0 to 1. */
  get level() {
    return this.#lines.voice?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  }

  /** A channel for one file. */
  openChannel() {
    return this.pc.createDataChannel('file', { ordered: true });
  }

  close() {
    this.#recovery.stop();
    this.#pulse.reset();
    this.#watch.stop();
    this.#wishes.stop();
    this.#negotiation.close();
  }

  /** @param {RTCStatsReport} report */
  #read(report) {
    const figures = this.#reading.take(this.pc, report);
    if (figures && this.#wishes.mayStandStill) figures.pictureIn.frozen = undefined;
    if (figures) this.dispatch('figures', figures);
  }

  /** Moves what is relayed to the new credentials while it works: a relay ends with the one that it was made with. */
  #leaveOldRelay() {
    if (!this.#hasOldRelay || !this.#watch.path?.usesOwnRelay) return;
    this.#hasOldRelay = false;
    this.#negotiation.restartIce();
  }

  #makeConnection() {
    const connection = new RTCPeerConnection(this.#getConfiguration());
    this.#hasOldRelay = false;
    this.stream = new MediaStream();
    this.#screen = new MediaStream();
    this.#lines.reset();
    this.#wishes.reset();
    this.#pulse.reset();
    this.dispatch('replaced');
    connection.onconnectionstatechange = () => {
      if (connection !== this.pc) return;
      this.#recovery.changed(connection.connectionState);
      if (connection.connectionState === 'connected') this.dispatch('senders');
      this.#watchPath(connection);
      this.dispatch('change');
    };
    connection.oniceconnectionstatechange = () => this.#watchPath(connection);
    connection.onsignalingstatechange = () => {
      if (connection !== this.pc || connection.signalingState !== 'stable' || !this.#lines.settle()) return;
      void this.replaceTracks();
      this.dispatch('stream');
    };
    connection.ontrack = ({ track, transceiver }) => {
      const stream = this.#lines.isOfScreen(connection, transceiver) ? this.#screen : this.stream;
      for (const old of stream.getTracks()) if (old.kind === track.kind && old !== track) stream.removeTrack(old);
      stream.addTrack(track);
      this.dispatch('stream');
    };
    connection.ondatachannel = ({ channel }) => {
      if (channel.label !== firstChannel) this.dispatch('channel', channel);
      else if (connection === this.pc) this.#use(channel);
    };
    return connection;
  }

  /** @param {RTCPeerConnection} connection */
  #watchPath(connection) {
    if (connection !== this.pc) return;
    // It is there once a description is; to add the same listener again does nothing.
    connection.sctp?.transport.iceTransport.addEventListener('selectedcandidatepairchange', this.#look);
    this.#look();
  }

  #look = () => void this.#watch.look();

  /** @param {RTCPeerConnection} connection @param {boolean} isOfferer */
  async #attach(connection, isOfferer) {
    if (!isOfferer) {
      await this.#lines.answer(connection);
      this.dispatch('senders');
      this.dispatch('stream');
      return;
    }
    this.#lines.open(connection);
    this.#use(connection.createDataChannel(firstChannel));
  }

  /** @param {RTCDataChannel} channel  for what this page and the peer's tell each other */
  #use(channel) {
    this.#wishes.use(channel);
    this.#pulse.use(channel);
  }
}

/**
 * When the newest packet of sound or picture was played.
 *
 * @param {RTCPeerConnection} connection
 */
function newestOf(connection) {
  const sources = connection.getTransceivers().flatMap(({ receiver }) => receiver.getSynchronizationSources?.() ?? []);
  return Math.max(0, ...sources.map(({ timestamp }) => timestamp));
}
