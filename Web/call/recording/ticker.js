/**
 * Calls again and again, also while the page is hidden, where its own timers come once a second or less; what was missed
 * while the page was busy is not made up for.
 *
 * @param {number} interval  in milliseconds
 * @param {() => void} tick
 * @param {AbortSignal} signal  of the end
 */
export function tickEvery(interval, tick, signal) {
  const thread = new Worker(new URL('./ticker-worker.js', import.meta.url), { type: 'module' });
  let last = -Infinity;
  thread.onmessage = () => {
    const now = performance.now();
    if (signal.aborted || now - last < interval / 2) return;
    last = now;
    tick();
  };
  thread.postMessage(interval);
  signal.addEventListener('abort', () => thread.terminate(), { once: true });
}
