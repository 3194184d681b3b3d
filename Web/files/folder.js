/** Files that are dropped, those in folders too. */

/**
 * @typedef {object} Dropped
 * @property {File[]} files  those of folders are called by their folders too
 * @property {number} unread  how many could not be read
 * @property {boolean} isCut  whether there were more than are taken at once
 */

/** So many files are taken at once; a home folder that was dropped by mistake has more. */
export const dropLimit = 1000;
/** Folders further down are left out. */
export const depthLimit = 32;
/** A longer name is cut at its beginning, in characters: where the file is matters less than what it is called. */
export const nameLimit = 120;

/**
 * The files of a drop. To be called in the event itself: afterwards the browser tells nothing of it any more.
 *
 * @param {DataTransfer} dropped
 * @returns {Promise<Dropped>}
 */
export async function filesIn({ items, files }) {
  /** @type {(FileSystemEntry | File)[]} */
  const found = [];
  for (const item of items ?? []) {
    if (item.kind !== 'file') continue;
    const one = item.webkitGetAsEntry?.() ?? item.getAsFile();
    if (one) found.push(one);
  }
  return gather(found.length > 0 ? found : [...files]);
}

/**
 * Folders are walked level by level, and one after the other, so that no more is open than needed.
 *
 * @param {(FileSystemEntry | File)[]} first
 */
async function gather(first) {
  /** @type {Dropped} */
  const dropped = { files: [], unread: 0, isCut: false };
  let level = first.map((entry) => ({ entry, folders: /** @type {string[]} */ ([]) }));
  for (let depth = 0; level.length > 0; depth += 1) {
    const next = [];
    for (const { entry, folders } of level) {
      if (dropped.files.length >= dropLimit || next.length > 2 * dropLimit || depth > depthLimit) {
        dropped.isCut = true;
        return dropped;
      }
      try {
        if (isDirectory(entry)) {
          const inside = await entriesOf(entry, dropLimit - dropped.files.length + 1);
          next.push(...inside.map((each) => ({ entry: each, folders: [...folders, entry.name] })));
        } else {
          dropped.files.push(await fileOf(entry, folders));
        }
      } catch {
        dropped.unread += 1;
      }
    }
    level = next;
  }
  return dropped;
}

/** @param {FileSystemEntry | File} entry @returns {entry is FileSystemDirectoryEntry} */
function isDirectory(entry) {
  return 'isDirectory' in entry && entry.isDirectory;
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @param {number} limit  how many are asked for
 */
async function entriesOf(folder, limit) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  while (all.length < limit) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    all.push(...some);
  }
  return all.sort((a, b) => a.name.localeCompare(b.name));
}

/** @param {FileSystemEntry | File} entry @param {string[]} folders */
async function fileOf(entry, folders) {
  const file =
    entry instanceof File
      ? entry
      : await new Promise((/** @type {(file: File) => void} */ resolve, reject) =>
          /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
        );
  if (folders.length === 0) return file;
  return new File([file], nameIn(folders, file.name), { type: file.type, lastModified: file.lastModified });
}

/**
 * The name of a file in folders, which is no path: those have no place in the name of a file.
 *
 * @param {string[]} folders @param {string} name
 */
export function nameIn(folders, name) {
  for (let count = folders.length; count > 0; count -= 1) {
    const whole = [...folders.slice(-count), name].join(' - ');
    if ([...whole].length <= nameLimit) return whole;
  }
  return name;
}
