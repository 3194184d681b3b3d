/** Tells when this machine is in another network than before, as far as a browser says so. */

/**
 * @typedef {EventTarget & { type?: string }} Line  `navigator.connection`, where there is one
 */

/**
 * @param {object} options
 * @param {() => void} options.onChange
 * @param {AbortSignal} options.signal  of the end
 * @param {{ addEventListener?: typeof addEventListener }} [options.target]
 * @param {Line} [options.line]
 */
export function watchNetwork({ onChange, signal, target = globalThis, line = /** @type {any} */ (globalThis.navigator)?.connection }) {
  target.addEventListener?.('online', onChange, { signal });
  let { type } = line ?? {};
  // It also changes with each estimate of how fast the line is.
  const look = () => {
    const before = type;
    type = line?.type;
    if (type !== before && type !== 'none' && type !== undefined) onChange();
  };
  line?.addEventListener('change', look, { signal });
}
