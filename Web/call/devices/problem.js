/** What is wrong with a device, by the error that the browser gives. */

/** @typedef {import('./device.js').DeviceKind} DeviceKind */

/** @param {unknown} error */
export function errorName(error) {
  return error instanceof DOMException ? error.name : '';
}

/** @param {DeviceKind} kind @returns {'microphone' | 'camera'} */
export function nameFor(kind) {
  return kind === 'audioinput' ? 'microphone' : 'camera';
}

/** @param {unknown} error @param {'microphone' | 'camera'} device @returns {import('../../i18n/t.js').Key} */
export function problemIn(error, device) {
  switch (errorName(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `problem.${device}-denied`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `problem.${device}-missing`;
    case 'NotReadableError':
    case 'AbortError':
      return `problem.${device}-busy`;
    default:
      return `problem.${device}-failed`;
  }
}
