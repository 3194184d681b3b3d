/** Timers that run when a test says so. */
export class ManualClock {
  #now = 0;
  #timers = new Map();
  #count = 0;

  setTimeout = (callback, delay) => {
    this.#count += 1;
    this.#timers.set(this.#count, { callback, at: this.#now + delay });
    return this.#count;
  };

  clearTimeout = (timer) => {
    this.#timers.delete(timer);
  };

  now = () => this.#now;

  get pending() {
    return this.#timers.size;
  }

  /** Lets time pass, and lets what was awaited go on between two timers. */
  async advance(duration) {
    const end = this.#now + duration;
    for (;;) {
      await settle();
      const [id, next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (!next || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(id);
      next.callback();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that is only waiting for promises go on. */
export function settle() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits for what a thread of the system is to do, as digests are; however busy that is. */
export async function until(isSo) {
  const end = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`still waiting: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
