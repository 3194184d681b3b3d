/** From which speaker something is heard. */

/** @typedef {{ sinkId?: string, setSinkId?: (id: string) => Promise<void> }} Output  the type checker's library is older */

/**
 * Plays an element from a speaker, if the browser lets a page choose and the speaker is there.
 *
 * @param {HTMLMediaElement} element
 * @param {string} [id]  the system's choice unless there is one
 */
export async function playFrom(element, id = '') {
  const output = /** @type {Output} */ (/** @type {unknown} */ (element));
  if (output.sinkId === undefined || output.sinkId === id) return;
  await output.setSinkId?.(id).catch(() => undefined);
}
