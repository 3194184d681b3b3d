/** Addresses of this site, which may lie below a path of another one. */

/**
 * The path below which the site lies, with a slash at its end: what the server has written into the page.
 *
 * @param {Pick<Document, 'querySelector'> | undefined} [page]
 */
export function basePath(page = globalThis.document) {
  return page?.querySelector('meta[name="linkup-base"]')?.getAttribute('content') ?? '/';
}

/** @param {string} room @param {string} [base] */
export function roomPath(room, base = basePath()) {
  return `${base}r/${encodeURIComponent(room)}`;
}

/** The picture that stands for the application: it lies beside the modules. */
export function logoPath() {
  return new URL('../favicon.svg', import.meta.url).href;
}

/**
 * The room in the path of a page, if it is one.
 *
 * @param {string} path
 * @param {string} [base]
 */
export function roomInPath(path, base = basePath()) {
  const match = path.startsWith(base) ? /^r\/([^/]+)\/?$/.exec(path.slice(base.length)) : null;
  if (!match) return undefined;
  try {
    return decodeURIComponent(match[1] ?? '');
  } catch {
    return undefined;
  }
}
