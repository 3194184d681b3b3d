/** Whether the browser will ask the person before it gives a device. */

import { nameFor } from './problem.js';

/**
 * Whether the browser asks for permission once a device is wanted; where nothing is plugged in it has nothing to ask.
 *
 * @param {readonly import('./device.js').DeviceKind[]} kinds
 */
export async function willPrompt(kinds) {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const present = kinds.filter((wanted) => devices.some(({ kind }) => kind === wanted));
  const states = await Promise.all(present.map(permissionFor));
  // A browser that does not say what it will do hides the names of what it has not given yet.
  const isNameless = (/** @type {number} */ index) => devices.every(({ kind, label }) => kind !== present[index] || label === '');
  return states.some((state, index) => (state === undefined ? isNameless(index) : state === 'prompt'));
}

/** @param {import('./device.js').DeviceKind} kind */
async function permissionFor(kind) {
  const name = /** @type {PermissionName} */ (nameFor(kind));
  return (await navigator.permissions?.query({ name }).catch(() => undefined))?.state;
}
