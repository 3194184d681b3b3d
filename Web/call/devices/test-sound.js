/** Three tones, for finding out whether one hears anything. */

import { playFrom } from './speaker.js';

const tones = [523.25, 659.25, 783.99];
/** In seconds. */
const length = 0.35;

/**
 * @param {string | undefined} speaker  its id; the system's choice unless there is one
 * @param {AbortSignal} signal  stops it
 * @returns {Promise<void>} resolves when it is over
 */
export async function playTestSound(speaker, signal) {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const audio = new Audio();
  audio.srcObject = output.stream;
  await playFrom(audio, speaker);
  await Promise.all([context.resume(), audio.play()]).catch(() => undefined);
  const last = tones.map((frequency, index) => tone(context, output, frequency, context.currentTime + index * length)).at(-1);
  await new Promise((over) => {
    if (last) last.onended = over;
    if (signal.aborted) over(undefined);
    signal.addEventListener('abort', over, { once: true });
  });
  audio.pause();
  await context.close();
}

/** @param {AudioContext} context @param {AudioNode} output @param {number} frequency @param {number} start  in the context's seconds */
function tone(context, output, frequency, start) {
  const oscillator = new OscillatorNode(context, { frequency });
  const volume = new GainNode(context, { gain: 0 });
  // Without a slope it clicks.
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.2, start + 0.03);
  volume.gain.linearRampToValueAtTime(0, start + length - 0.02);
  oscillator.connect(volume).connect(output);
  oscillator.start(start);
  oscillator.stop(start + length);
  return oscillator;
}
