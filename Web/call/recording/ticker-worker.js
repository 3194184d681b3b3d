/** A thread whose timer is that of a page in sight. */

/** @param {MessageEvent<number>} event  with the interval, in milliseconds */
globalThis.onmessage = ({ data }) => void setInterval(() => globalThis.postMessage(undefined), data);
