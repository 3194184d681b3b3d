/** A quiet sound of two notes, made here. */

/** Frequencies in hertz, and when each begins, in seconds. */
const notes = [{ frequency: 660, start: 0 }, { frequency: 880, start: 0.12 }];
const loudness = 0.06;
const duration = 0.4;

export function createChime() {
  /** @type {AudioContext | undefined} */
  let context;
  return { play, close };

  function play() {
    context ??= new AudioContext();
    // A browser may hold sound back until the person has clicked somewhere.
    if (context.state === 'suspended') void context.resume();
    for (const { frequency, start } of notes) {
      const from = context.currentTime + start;
      const note = context.createOscillator();
      const volume = context.createGain();
      note.frequency.value = frequency;
      volume.gain.setValueAtTime(0, from);
      volume.gain.linearRampToValueAtTime(loudness, from + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + duration);
      note.connect(volume).connect(context.destination);
      note.start(from);
      note.stop(from + duration);
    }
  }

  function close() {
    void context?.close();
    context = undefined;
  }
}
