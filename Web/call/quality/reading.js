/** Successive reports of a connection: each is compared with the one before. */

import { figuresOf } from './figures.js';

/** Two reports that follow each other faster, in milliseconds, say little: an event may cause a look at any time. */
const leastInterval = 700;

export class Reading {
  /** @type {{ connection: object, report: import('./figures.js').Report, time: number } | undefined} */
  #last;

  /**
   * @param {object} connection  that the report is of
   * @param {import('./figures.js').Report} report
   * @returns {import('./figures.js').Figures | undefined}  nothing when it is too early to tell more than was told
   */
  take(connection, report) {
    const time = timeOf(report);
    const before = this.#last?.connection === connection ? this.#last : undefined;
    if (before && time - before.time < leastInterval) return undefined;
    this.#last = { connection, report, time };
    return figuresOf(before?.report, report);
  }
}

/** @param {import('./figures.js').Report} report */
function timeOf(report) {
  let time = -Infinity;
  report.forEach(({ timestamp }) => (time = timestamp > time ? timestamp : time));
  return time;
}
