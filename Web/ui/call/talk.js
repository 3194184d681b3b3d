/**
 * Push to talk: whoever is muted is heard for as long as Space is held.
 *
 * @typedef {import('../commands/shortcuts.js').Press} Press
 * @typedef {import('../../state/state.js').State} State
 *
 * @typedef {object} Surroundings  the parts of the window that are used
 * @property {(name: string, listener: (event: any) => void, options: { signal: AbortSignal, capture: boolean }) => void} addEventListener
 * @property {(callback: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

import { isComposing, isWriting } from '../commands/shortcuts.js';

/** A key that has repeated and is silent for so long, in milliseconds, was let go of where this page could not see it. */
const lostAfter = 2000;
/** What Space presses, opens or scrolls: a tile with the focus is moved by the arrow keys alone. */
const takesSpace = 'button, a[href], input, select, summary, dialog, dialog *, [role="tab"], [tabindex]:not([tabindex="-1"]):not(.tile)';

/**
 * Whether a key begins to talk.
 *
 * @param {Press} press
 * @param {State} state
 */
export function startsTalk(press, { panel, connection, media }) {
  if (press.code !== 'Space' || press.repeat || press.shiftKey || press.ctrlKey || press.metaKey || press.altKey) return false;
  if (!panel.hasShortcuts || panel.isHelpOpen || panel.isCheckOpen || connection.screen !== 'call' || connection.isElsewhere) return false;
  if (isComposing(press) || isWriting(press) || isOn(press, takesSpace)) return false;
  return media.audioTrack !== undefined && !media.audioTrack.enabled;
}

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {(isHeard: boolean) => void} options.talk
 * @param {AbortSignal} options.signal
 * @param {Surroundings} [surroundings]
 */
export function listenForTalk({ store, talk, signal }, surroundings = window) {
  let isHeld = false;
  /** @type {any} */
  let timer;
  // Nothing on the page may keep the end of it from being seen.
  const options = { signal, capture: true };
  surroundings.addEventListener('keydown', press, options);
  surroundings.addEventListener('keyup', (event) => {
    if (!isHeld || event.code !== 'Space') return;
    event.preventDefault();
    release();
  }, options);
  for (const name of ['blur', 'pagehide', 'visibilitychange']) surroundings.addEventListener(name, (event) => isOfAll(event) && release(), options);
  signal.addEventListener('abort', release);

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (isHeld && event.code === 'Space') {
      event.preventDefault();
      if (event.repeat) watch();
    } else if (startsTalk(event, store.get())) {
      event.preventDefault();
      isHeld = true;
      talk(true);
    } else if (event.metaKey) {
      // With this key held, the end of another one is not told on some systems.
      release();
    }
  }

  function watch() {
    surroundings.clearTimeout(timer);
    timer = surroundings.setTimeout(release, lostAfter);
  }

  function release() {
    surroundings.clearTimeout(timer);
    if (!isHeld) return;
    isHeld = false;
    talk(false);
  }
}

/**
 * Whether an event is of the window or the document; fields lose the focus too.
 *
 * @param {Event} event
 */
function isOfAll({ target }) {
  return target === null || !('matches' in target);
}

/** @param {Press} press @param {string} selector */
function isOn({ target }, selector) {
  return target !== null && 'matches' in target && /** @type {Element} */ (target).matches(selector);
}
