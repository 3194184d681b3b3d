/**
 * Makes a function that acts at once, and then not again before `interval` milliseconds have passed: what is asked for
 * meanwhile becomes one more time.
 *
 * @param {() => void} action
 * @param {number} interval
 * @param {(callback: () => void, delay: number) => any} [setTimeout]
 */
export function throttle(action, interval, setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay)) {
  let isResting = false;
  let isAsked = false;
  return ask;

  function ask() {
    isAsked = true;
    if (!isResting) act();
  }

  function act() {
    isResting = true;
    isAsked = false;
    setTimeout(() => {
      isResting = false;
      if (isAsked) act();
    }, interval);
    action();
  }
}
