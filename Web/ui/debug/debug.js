/**
 * The page with `?debug` in its address: faults can be made on it, and it says so in a banner. Nothing of this is loaded
 * without.
 *
 * Tests reach the same faults, and what they look at, by `window.debug`.
 */

import { debugWords } from '../../i18n/debug-words.js';
import { h } from '../dom.js';
import { loadStyles } from '../styles.js';
import { makeFaults } from './faults.js';

/** @typedef {import('../../session.js').Session} Session */

/** @returns {Promise<(getSession: () => Session) => void>} takes the way to the present session */
export async function startDebugging() {
  /** @type {() => Session | undefined} */
  let getSession = () => undefined;
  const faults = makeFaults(() => getSession()?.renewConnections());
  const hooks = {
    ...faults,
    get session() {
      return getSession();
    },
    get socket() {
      return getSession()?.socket;
    },
    get peers() {
      return getSession()?.peers ?? new Map();
    },
  };
  Object.defineProperty(globalThis, 'debug', { value: Object.freeze(hooks) });
  await loadStyles([new URL('debug.css', import.meta.url).href]);
  document.documentElement.classList.add('is-debugging');
  document.body.prepend(makeBanner(faults));
  return (way) => {
    getSession = way;
  };
}

/** @param {import('./faults.js').Faults} faults */
function makeBanner(faults) {
  const words = debugWords();
  const seconds = h('input', { type: 'number', min: 0, max: 600, value: 10, id: 'debug-seconds' });
  const bitrate = h('input', { type: 'number', min: 10, max: 10_000, value: 100, id: 'debug-bitrate' });
  const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => unknown} */ run) =>
    h('button', { type: 'button', 'data-fault': name, onclick: run }, label);
  const box = (/** @type {string} */ name, /** @type {string} */ label, /** @type {(isOn: boolean) => unknown} */ run) =>
    h('label', {}, h('input', { type: 'checkbox', 'data-fault': name, onchange: (event) => run(event.target.checked) }), label);
  const panel = h(
    'fieldset',
    {},
    h('label', {}, words.seconds, seconds),
    button('signalling', words.signalling, () => faults.dropSignalling(seconds.valueAsNumber || 0)),
    button('media', words.media, () => faults.freezeMedia(seconds.valueAsNumber || 0)),
    button('page', words.page, () => faults.freezePage(seconds.valueAsNumber || 0)),
    button('ice', words.ice, () => faults.killIce()),
    box('relay', words.relay, faults.forceRelay),
    box('udp', words.udp, faults.forbidUdp),
    h('label', {}, words.bitrate, bitrate),
    box('throttle', words.throttle, (isOn) => faults.throttle(isOn ? (bitrate.valueAsNumber || 10) * 1000 : undefined)),
  );
  return h(
    'aside',
    { id: 'debug', class: 'debug', 'aria-label': words.title },
    h('p', { role: 'alert' }, h('strong', {}, words.title), ' ', words.warning, ' ', h('a', { href: withoutDebug() }, words.leave)),
    h('details', {}, h('summary', {}, words.faults), panel),
  );
}

/** The address of the page as it is for everybody. */
function withoutDebug() {
  const url = new URL(location.href);
  url.searchParams.delete('debug');
  return url.href;
}
