/** How loud a microphone is, for a meter and for showing who speaks. */
export class LevelMeter {
  /** @type {AudioContext | undefined} */
  #context;
  /** @type {MediaStreamAudioSourceNode | undefined} */
  #source;
  /** @type {AnalyserNode | undefined} */
  #analyser;
  /** @type {MediaStreamTrack | undefined} */
  #track;
  #samples = new Float32Array(512);

  /**
   * Listens to another track, or to none.
   *
   * @param {MediaStreamTrack | undefined} track
   */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    this.#source = undefined;
    if (!track) return;
    this.#context ??= new AudioContext();
    if (!this.#analyser) {
      this.#analyser = this.#context.createAnalyser();
      this.#analyser.fftSize = this.#samples.length;
    }
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
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
    void this.#context?.close();
    this.#context = undefined;
    this.#analyser = undefined;
  }
}
