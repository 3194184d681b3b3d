/** The call, or one tile of it, on the whole screen; Escape ends it in every browser. */

/** Whether this browser can: some phones show nothing but their own player so. */
export function canFill() {
  return document.fullscreenEnabled === true;
}

/**
 * Shows the whole call so, or nothing any more, whatever it was.
 *
 * @param {Element} call
 */
export function toggleFullscreen(call) {
  if (document.fullscreenElement) leave();
  else fill(call);
}

/** @param {Element} tile */
export function toggleTileFullscreen(tile) {
  if (document.fullscreenElement === tile) leave();
  else fill(tile);
}

/**
 * Tells what fills the screen, and lets go of it at the end.
 *
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function watchFullscreen({ store, signal }) {
  document.addEventListener('fullscreenchange', tell, { signal });
  signal.addEventListener('abort', () => document.fullscreenElement && leave());

  function tell() {
    const filling = document.fullscreenElement;
    const peer = filling instanceof HTMLElement ? filling.dataset['peer'] : undefined;
    store.apply({ type: 'full', id: filling === null ? undefined : (peer ?? 'call') });
  }
}

/**
 * A browser may refuse; then all stays as it is.
 *
 * @param {Element} element
 */
function fill(element) {
  element.requestFullscreen().catch(() => undefined);
}

function leave() {
  document.exitFullscreen().catch(() => undefined);
}
