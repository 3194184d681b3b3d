/**
 * What Back does in a call: it closes the sheet that covers the call, and leaves only when it is pressed twice.
 *
 * The call, and the sheet, are entries of the history of their own.
 *
 * @typedef {object} Surroundings  the parts of the window that are used
 * @property {Pick<History, 'state' | 'pushState' | 'replaceState' | 'back' | 'go'>} history
 * @property {(name: string, listener: (event: any) => void, options: { signal: AbortSignal }) => void} addEventListener
 */

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {() => boolean} options.isSheet  whether the panel covers the call
 * @param {AbortSignal} options.signal
 * @param {Surroundings} [surroundings]
 */
export function guardBack({ store, isSheet, signal }, surroundings = window) {
  const { history } = surroundings;
  const place = () => history.state?.linkup;
  // A page that was loaded again may stand on such an entry already.
  if (place() === undefined) history.pushState({ linkup: 'call' }, '');
  else history.replaceState({ linkup: 'call' }, '');
  surroundings.addEventListener('popstate', wentBack, { signal });
  for (const name of ['pointerdown', 'keydown']) surroundings.addEventListener(name, arm, { signal });
  store.watch(({ panel }) => panel.isOpen, (isOpen) => {
    if (isOpen && isSheet() && place() === 'call') history.pushState({ linkup: 'sheet' }, '');
    else if (!isOpen && place() === 'sheet') history.back();
  }, { signal });
  signal.addEventListener('abort', () => {
    if (place() === 'sheet') history.go(-2);
    else if (place() === 'call') history.back();
  });

  function wentBack() {
    if (place() === 'call') {
      if (isSheet()) store.apply({ type: 'panel', isOpen: false });
    } else if (place() === undefined) {
      store.apply({ type: 'notice', sentence: { key: 'call.back-asks' } });
    }
  }

  /** Whoever goes on in the call has not meant to leave it. */
  function arm() {
    if (place() === undefined) history.pushState({ linkup: 'call' }, '');
  }
}
