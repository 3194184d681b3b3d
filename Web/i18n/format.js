/** Sizes, days and times as the person's language writes them. */

import { currentLanguage, t } from './t.js';

/**
 * A count of bytes with a unit.
 *
 * @param {number} count
 */
export function formatBytes(count) {
  const units = /** @type {const} */ (['byte', 'kilobyte', 'megabyte', 'gigabyte']);
  let value = count;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  const digits = index === 0 || value >= 100 ? 0 : 1;
  return new Intl.NumberFormat(currentLanguage(), {
    style: 'unit',
    unit: units[index],
    unitDisplay: index === 0 ? 'long' : 'short',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/**
 * The name of a day as a heading: Today, Yesterday, or the date.
 *
 * @param {number} time
 * @param {number} now
 */
export function dayLabel(time, now) {
  const day = new Date(time);
  const today = new Date(now);
  if (day.toDateString() === today.toDateString()) return t('day.today');
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day.toDateString() === yesterday.toDateString()) return t('day.yesterday');
  const year = day.getFullYear() === today.getFullYear() ? undefined : 'numeric';
  return day.toLocaleDateString(regional(), { weekday: 'long', day: 'numeric', month: 'long', year });
}

/**
 * Hours and minutes.
 *
 * @param {number} time
 */
export function clockTime(time) {
  return new Date(time).toLocaleTimeString(regional(), { hour: '2-digit', minute: '2-digit' });
}

/**
 * Hours, if there are any, minutes and seconds that something takes.
 *
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  const write = (/** @type {number} */ number, /** @type {number} */ digits) => new Intl.NumberFormat(currentLanguage(), { minimumIntegerDigits: digits, useGrouping: false }).format(number);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return [...(hours > 0 ? [write(hours, 1)] : []), write(minutes, hours > 0 ? 2 : 1), write(whole % 60, 2)].join(':');
}

/** The language with the habits of the person's region, such as those for dates, where the system knows them. */
function regional() {
  const system = new Intl.DateTimeFormat().resolvedOptions().locale;
  const language = currentLanguage();
  return system.split('-')[0] === language.split('-')[0] ? system : language;
}
