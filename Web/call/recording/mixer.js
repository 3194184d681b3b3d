/** All sounds of a call in one track; who comes and goes meanwhile is heard as long as there. */
export class Mixer {
  #context = new AudioContext();
  #output = this.#context.createMediaStreamDestination();
  /** Several who talk at once are not distorted. */
  #limiter = new DynamicsCompressorNode(this.#context, { threshold: -9, knee: 6, ratio: 12, attack: 0.003, release: 0.2 });
  /** @type {Map<MediaStreamTrack, MediaStreamAudioSourceNode>} */
  #sources = new Map();

  constructor() {
    this.#limiter.connect(this.#output);
    // Some browsers write no sound at all until there is one.
    const silence = new ConstantSourceNode(this.#context, { offset: 0 });
    silence.connect(this.#limiter);
    silence.start();
  }

  /** What is heard of all of them. */
  get track() {
    const [track] = this.#output.stream.getAudioTracks();
    if (!track) throw new Error('no output');
    return track;
  }

  /** Whether anything is heard: some browsers mix nothing where nothing could play it. */
  get isRunning() {
    return this.#context.state === 'running';
  }

  /** @param {readonly MediaStreamTrack[]} tracks  what is heard from now on */
  hear(tracks) {
    // A browser may have held sound back, or the system have taken it for a telephone call.
    if (!this.isRunning) void this.#context.resume().catch(() => undefined);
    for (const [track, source] of this.#sources) {
      if (tracks.includes(track) && track.readyState === 'live') continue;
      source.disconnect();
      this.#sources.delete(track);
    }
    for (const track of tracks) {
      if (this.#sources.has(track) || track.readyState !== 'live') continue;
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      source.connect(this.#limiter);
      this.#sources.set(track, source);
    }
  }

  close() {
    void this.#context.close();
  }
}
