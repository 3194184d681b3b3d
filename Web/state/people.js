/** Who is in a room: the server names the first of them and counts the others. */

/** @typedef {{ id: string, name: string }} Person */

/** So many are kept by name; a list of more is of no use, and each costs a row. */
const namedLimit = 200;

export class People {
  /** @type {Map<string, Person>} */
  #named = new Map();
  #total = 0;

  /** Those whose names are known, in the order in which they came. */
  get named() {
    return [...this.#named.values()];
  }

  /** How many there are. */
  get count() {
    return this.#total;
  }

  /** How many there are beside those with a name. */
  get others() {
    return this.#total - this.#named.size;
  }

  /**
   * Takes the answer to `join`.
   *
   * @param {Person[]} people
   * @param {unknown} [count]  all of them
   */
  reset(people, count) {
    this.#named = new Map(people.slice(0, namedLimit).map((person) => [person.id, person]));
    const counted = typeof count === 'number' && Number.isSafeInteger(count) ? count : 0;
    this.#total = Math.max(people.length, counted);
  }

  /** @param {Person} person */
  joined(person) {
    if (!this.#named.has(person.id)) this.#total += 1;
    if (this.#named.size < namedLimit || this.#named.has(person.id)) this.#named.set(person.id, person);
  }

  /** @param {string} id */
  left(id) {
    // Somebody without a name here is one of the others.
    if (this.#named.delete(id) || this.others > 0) this.#total -= 1;
  }
}
