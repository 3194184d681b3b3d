/** Where what a button opens stands: above it, within the window. */

/** Between it, its button and the edges of the window, in pixels. */
const gap = 8;

/** @param {HTMLElement} element  that is shown, and fixed @param {HTMLElement | undefined} opener */
export function placeAbove(element, opener) {
  if (!opener) return;
  const { left, right, top } = opener.getBoundingClientRect();
  const { width } = element.getBoundingClientRect();
  const most = Math.max(innerWidth - width - gap, gap);
  element.style.left = `${Math.min(Math.max((left + right - width) / 2, gap), most)}px`;
  element.style.bottom = `${innerHeight - top + gap}px`;
  element.style.maxHeight = `${top - 2 * gap}px`;
}
