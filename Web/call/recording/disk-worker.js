/**
 * A thread that writes a file in place, which browsers allow to threads alone: what is written is there, whatever becomes
 * of the page. Each task is answered with nothing, or with what is wrong.
 *
 * @typedef {{ open: string } | { write: Uint8Array, position: number } | { close: true }} Task
 *
 * @typedef {object} AccessHandle  the type checker's library is older
 * @property {(bytes: Uint8Array, options: { at: number }) => number} write
 * @property {(size: number) => void | Promise<void>} truncate
 * @property {() => void | Promise<void>} close
 */

import { openFolder } from './shelf.js';

/** @type {AccessHandle | undefined} */
let handle;
let size = 0;

/** @param {MessageEvent<Task>} event */
globalThis.onmessage = async ({ data }) => globalThis.postMessage(await problemOf(data));

/** @param {Task} task @returns {Promise<string | undefined>} */
async function problemOf(task) {
  try {
    if ('open' in task) await open(task.open);
    else if ('write' in task) return await write(task.write, task.position);
    else await handle?.close();
    return undefined;
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    return name === 'QuotaExceededError' ? 'full' : name;
  }
}

/** @param {string} name */
async function open(name) {
  const folder = await openFolder();
  const file = /** @type {{ createSyncAccessHandle: () => Promise<AccessHandle> }} */ (/** @type {unknown} */ (await folder.getFileHandle(name, { create: true })));
  handle = await file.createSyncAccessHandle();
}

/** @param {Uint8Array} bytes @param {number} position */
async function write(bytes, position) {
  if (!handle) return 'InvalidStateError';
  const written = handle.write(bytes, { at: position });
  if (written === bytes.length) {
    size = Math.max(size, position + bytes.length);
    return undefined;
  }
  // A disk that is full takes a part, and some browsers then say a number that is none.
  await handle.truncate(size);
  return 'full';
}
