/** How loud a microphone is, for a meter and for showing who speaks. */
export class LevelMeter {
  /** @type {AudioContext | undefined} */
  #context;
  /** @type {AnalyserNode | undefined} */
  #analyser;
  /** @type {MediaStreamTrack | undefined} */
  #track;
  #samples = new Float32Array(512);

  /**
   * Listens to another track, or to none. Each has a context of its own: browsers keep the track of a source for as long as
   * there is the context that it was of.
   *
   * @param {MediaStreamTrack | undefined} track
   */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    void this.#context?.close();
    this.#context = undefined;
    this.#analyser = undefined;
    if (!track) return;
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = this.#samples.length;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }

  /** The present level, 0 to 1. */
  get level() {
    if (!this.#analyser || !this.#track?.enabled) return 0;
    // A browser may hold audio back until the person has clicked somewhere.
    if (this.#context?.state === 'suspended') void this.#context.resume();
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.min(1, Math.sqrt(sum / this.#samples.length) * 3);
  }

  stop() {
    this.listen(undefined);
  }
}
