/** A thread that answers each array of bytes with its digest. */

import { sha256 } from './sha256.js';

/** @param {MessageEvent<Uint8Array>} event */
globalThis.onmessage = ({ data }) => globalThis.postMessage(sha256(data));
