/**
 * Where this browser keeps recordings for the page: in files of its own for this origin, which no other origin sees (the
 * origin private file system). They stay when the page ends, whatever the reason, until they are saved or thrown away.
 *
 * @typedef {FileSystemDirectoryHandle & { keys: () => AsyncIterable<string> }} Folder  the type checker's library is older
 */

const folderName = 'recordings';
/** What lies beside a file that was saved: it is thrown away on the next visit, as nobody tells when all of it is copied. */
const savedEnding = '.saved';

/** A file on the shelf, which belongs to this page as long as that is open. */
export class KeptFile {
  name;
  #release;

  /** @param {string} name @param {() => void} release  gives it to other pages */
  constructor(name, release) {
    this.name = name;
    this.#release = release;
  }

  async read() {
    const folder = await openFolder();
    return (await folder.getFileHandle(this.name)).getFile();
  }

  /** Has it thrown away on the next visit. */
  async markSaved() {
    const folder = await openFolder();
    await folder.getFileHandle(this.name + savedEnding, { create: true });
  }

  async remove() {
    const folder = await openFolder();
    for (const name of [this.name, this.name + savedEnding]) await folder.removeEntry(name).catch(() => undefined);
    this.#release();
  }
}

/** @param {string} name  of a new file */
export async function keep(name) {
  await openFolder();
  return hold(name);
}

/**
 * What earlier visits have left, and no other page holds.
 *
 * @returns {Promise<KeptFile[]>}
 */
export async function leftovers() {
  // Without locks one could not tell them from what another page records right now.
  if (!navigator.storage?.getDirectory || !navigator.locks) return [];
  const folder = await openFolder();
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  const found = [];
  for (const name of names.filter((each) => !each.endsWith(savedEnding))) {
    const kept = await hold(name);
    if (!kept) continue;
    const isOver = names.includes(name + savedEnding) || (await kept.read()).size === 0;
    if (isOver) await kept.remove();
    else found.push(kept);
  }
  return found;
}

/** @param {string} name @returns {Promise<KeptFile | undefined>} nothing if another page has it */
function hold(name) {
  if (!navigator.locks) return Promise.resolve(new KeptFile(name, () => undefined));
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`linkup/${folderName}/${name}`, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(undefined);
        return new Promise((release) => resolve(new KeptFile(name, () => release(undefined))));
      })
      .catch(reject);
  });
}

/** @returns {Promise<Folder>} */
export async function openFolder() {
  const root = await navigator.storage.getDirectory();
  return /** @type {Promise<Folder>} */ (root.getDirectoryHandle(folderName, { create: true }));
}
