/**
 * The device that a person chose, among those that there are.
 *
 * @typedef {{ id: string, label: string }} Preference  browsers give a device another id when the person clears the page's
 *   data; its label stays
 */

/**
 * @template {{ kind: string, deviceId: string, label: string }} Device
 * @param {readonly Device[]} devices
 * @param {string} kind
 * @param {Preference | undefined} preference
 * @returns {Device | undefined}
 */
export function preferredAmong(devices, kind, preference) {
  if (!preference) return undefined;
  const alike = devices.filter((device) => device.kind === kind);
  const { id, label } = preference;
  return alike.find(({ deviceId }) => deviceId === id) ?? (label === '' ? undefined : alike.find((device) => device.label === label));
}
