/**
 * Tells whoever talks while muted.
 *
 * What a muted microphone gives is silence. So the page listens to a copy of its track, which is heard here alone: it is
 * neither sent nor kept, and ends when the microphone is switched on or given back.
 */

import { LevelMeter } from '../../call/level.js';
import { t } from '../../i18n/t.js';
import { keyName } from '../commands/shortcuts.js';
import { forget, hear, silence } from './speech.js';

const interval = 150;

/**
 * The track of a muted microphone, if there is somebody who would not hear it.
 *
 * @param {import('../../state/state.js').State} state
 */
export function mutedTrackOf({ media: { audioTrack }, peers, connection }) {
  const isMissed = peers.list.length > 0 && !connection.isElsewhere;
  return audioTrack && !audioTrack.enabled && isMissed ? audioTrack : undefined;
}

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Record<'mute', import('../commands/commands.js').Command>} options.commands
 * @param {AbortSignal} options.signal
 */
export function tellTalkingMuted({ store, commands, signal }) {
  const meter = new LevelMeter();
  let speech = silence;
  /** @type {MediaStreamTrack | undefined} */
  let muted;
  /** @type {MediaStreamTrack | undefined} */
  let copy;
  store.watch(mutedTrackOf, listen, { signal });
  const timer = setInterval(look, interval);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    listen(undefined);
    meter.stop();
  });

  /** @param {MediaStreamTrack | undefined} track */
  function listen(track) {
    copy?.stop();
    speech = forget(speech);
    muted = track;
    copy = track?.clone();
    if (copy) copy.enabled = true;
    meter.listen(copy);
  }

  function look() {
    if (muted?.readyState === 'ended') listen(undefined);
    if (!copy) return;
    const heard = hear(speech, performance.now(), meter.level);
    speech = heard.speech;
    if (heard.isTold) store.apply({ type: 'notice', sentence: words() });
  }

  /** @returns {import('../../i18n/t.js').Sentence} */
  function words() {
    // Where fingers are what one has there are no keys.
    const hasKeys = store.get().panel.hasShortcuts && !matchMedia('(pointer: coarse)').matches;
    if (!hasKeys) return { key: 'note.talks-muted' };
    return { key: 'note.talks-muted-keys', values: { key: keyName(commands.mute.key), hold: t('help.key-space') } };
  }
}
