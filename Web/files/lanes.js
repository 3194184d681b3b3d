/** Queues: so many jobs of one lane run at once, and the others wait their turn. */

/**
 * @typedef {object} Job
 * @property {(done: () => void) => void} start  calls `done` when the next may start
 */

export class Lanes {
  #width;
  /** @type {Map<string, { running: number, waiting: Job[] }>} */
  #lanes = new Map();

  /** @param {number} width  how many jobs of a lane run at once */
  constructor(width) {
    this.#width = width;
  }

  /** @param {string} name  of the lane @param {Job} job */
  add(name, job) {
    const lane = this.#lanes.get(name) ?? { running: 0, waiting: [] };
    this.#lanes.set(name, lane);
    lane.waiting.push(job);
    this.#pump(name, lane);
  }

  /** @param {string} name  of the lane @param {Job} job  that shall not start, if it has not */
  drop(name, job) {
    const lane = this.#lanes.get(name);
    if (lane) lane.waiting = lane.waiting.filter((other) => other !== job);
  }

  /** @param {string} name @param {{ running: number, waiting: Job[] }} lane */
  #pump(name, lane) {
    while (lane.running < this.#width) {
      const job = lane.waiting.shift();
      if (!job) break;
      lane.running += 1;
      let isDone = false;
      job.start(() => {
        if (isDone) return;
        isDone = true;
        lane.running -= 1;
        // Not at once: a job that ends as it starts would start the next from within itself.
        queueMicrotask(() => this.#pump(name, lane));
      });
    }
    if (lane.running === 0 && lane.waiting.length === 0 && this.#lanes.get(name) === lane) this.#lanes.delete(name);
  }
}
