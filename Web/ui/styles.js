/** Styles of parts that come later than the page. */

/**
 * Adds style sheets to the page; those that are there already cost nothing.
 *
 * @param {string[]} addresses
 * @returns {Promise<unknown>} resolves when all are there, or cannot be had: what has no style can be used all the same
 */
export function loadStyles(addresses) {
  return Promise.all(
    addresses.map((href) => {
      if ([...document.styleSheets].some((sheet) => sheet.href === href)) return undefined;
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = href;
      const there = new Promise((done) => {
        link.onload = done;
        link.onerror = done;
      });
      document.head.append(link);
      return there;
    }),
  );
}
