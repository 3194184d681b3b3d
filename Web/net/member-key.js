/**
 * The proof of being the member that one was before the page was loaded again.
 *
 * It lies in `sessionStorage` only from the moment in which a page goes until the next one takes it: a tab that is
 * duplicated gets a copy of that storage, and would be the same member a second time.
 */
export class MemberKey {
  /**
   * What the server gave at the last join.
   *
   * @type {string | undefined}
   */
  value;
  #name;
  #storage;

  /**
   * @param {string} room
   * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined} [storage]
   */
  constructor(room, storage = storageOfTab()) {
    this.#name = `linkup.key.${room}`;
    this.#storage = storage;
    this.value = storage?.getItem(this.#name) ?? undefined;
    storage?.removeItem(this.#name);
  }

  /** The page goes. */
  keep() {
    if (this.value === undefined) return;
    try {
      this.#storage?.setItem(this.#name, this.value);
    } catch {
      // Then the member comes back as another one.
    }
  }

  /** The member has left for good. */
  forget() {
    this.value = undefined;
    this.#storage?.removeItem(this.#name);
  }
}

function storageOfTab() {
  try {
    return globalThis.sessionStorage;
  } catch {
    // Storage may be switched off.
    return undefined;
  }
}
