/**
 * What a person can do about a device that does not work, in this browser.
 *
 * @typedef {'chromium' | 'firefox' | 'safari'} Browser
 */

/** @param {string} userAgent @returns {Browser} the one whose settings it has */
export function browserOf(userAgent) {
  if (/Firefox\//.test(userAgent)) return 'firefox';
  // All browsers of an iPhone are Safari within, and have its settings.
  if (/Safari\//.test(userAgent) && (!/Chrom(e|ium)\//.test(userAgent) || /(iPhone|iPad)/.test(userAgent))) return 'safari';
  return 'chromium';
}

/**
 * @param {string} problem  its key
 * @param {Browser} browser
 * @returns {import('../../i18n/t.js').Key | undefined} nothing where nothing helps
 */
export function adviceFor(problem, browser) {
  if (problem.endsWith('-denied')) return `advice.allow-${browser}`;
  if (problem.endsWith('-busy')) return 'advice.busy';
  if (problem.endsWith('-missing')) return 'advice.missing';
  return undefined;
}
