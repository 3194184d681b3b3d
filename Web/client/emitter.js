/** @typedef {(...args: any[]) => void} Listener */

/**
 * Event listeners by name.
 *
 * @template {Record<string, any[]>} Events  the arguments of each event, by its name
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<Listener>>} */
  #listeners = new Map();

  /**
   * Calls `listener` for every event of that name.
   *
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(...args: Events[Name]) => void} listener
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(/** @type {Listener} */ (listener));
    this.#listeners.set(name, listeners);
    return this;
  }

  /**
   * Calls `listener` for the next event of that name only.
   *
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(...args: Events[Name]) => void} listener
   */
  once(name, listener) {
    /** @param {Events[Name]} args */
    const once = (...args) => {
      this.off(name, once);
      listener(...args);
    };
    return this.on(name, once);
  }

  /**
   * Removes one listener, or all of that name, or all of them.
   *
   * @template {keyof Events} Name
   * @param {Name} [name]
   * @param {(...args: Events[Name]) => void} [listener]
   */
  off(name, listener) {
    if (name === undefined) this.#listeners.clear();
    else if (listener === undefined) this.#listeners.delete(name);
    else this.#listeners.get(name)?.delete(/** @type {Listener} */ (listener));
    return this;
  }

  /**
   * Calls the listeners of that name, in the order they were added.
   *
   * A listener that throws does not keep the others from being called: its error is reported as an
   * uncaught one is.
   *
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} args
   */
  dispatch(name, ...args) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        if (typeof reportError === 'function') reportError(error);
        else console.error(error);
      }
    }
  }
}
