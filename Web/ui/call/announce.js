/**
 * How news reach somebody who has another page before them: the title counts them, a quiet sound is heard, and the system
 * tells them where it may.
 *
 * @typedef {import('../../state/notices.js').News} News
 *
 * @typedef {object} Surroundings
 * @property {Pick<Document, 'title' | 'visibilityState' | 'addEventListener'>} document
 * @property {typeof Notification | undefined} Notification
 * @property {() => void} focus  brings the page to the front
 * @property {() => number} now  in milliseconds
 * @property {{ play: () => void, close: () => void }} chime
 */

import { t } from '../../i18n/t.js';
import { rememberWays } from '../../state/settings.js';
import { createChime } from './chime.js';

/** No more than one sound in this time, in milliseconds. */
const chimeInterval = 5000;
/** So much of a message is shown. */
const textLimit = 200;

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 * @param {Surroundings} [surroundings]
 */
export function announce({ store, signal }, surroundings = aroundPage()) {
  const { document, chime } = surroundings;
  const { room } = store.get().connection;
  let lastChime = -Infinity;
  /** @type {Notification | undefined} */
  let shown;
  const look = () => store.apply({ type: 'visibility', isHidden: document.visibilityState === 'hidden' });
  document.addEventListener('visibilitychange', look, { signal });
  look();
  store.watch(({ notices }) => notices.unseen, (count) => (document.title = titleOf(room, count)), { signal });
  store.watch(({ notices }) => notices.isHidden, (isHidden) => isHidden || shown?.close(), { signal });
  const before = store.get().notices.news;
  store.watch(({ notices }) => notices.news, (news) => news && news !== before && tell(news), { signal });
  signal.addEventListener('abort', () => {
    document.title = titleOf(room, 0);
    shown?.close();
    chime.close();
  });

  /** @param {News} news */
  function tell(news) {
    const { isHidden, ways } = store.get().notices;
    // A raised hand is for whoever looks at something else on the page as well.
    if (ways.chime && (isHidden || news.kind === 'hand')) ring();
    if (ways.system && isHidden) show(ways.whole ? wordsOf(news) : news.name);
  }

  function ring() {
    const now = surroundings.now();
    if (now - lastChime < chimeInterval) return;
    lastChime = now;
    chime.play();
  }

  /** @param {string} body */
  function show(body) {
    const { Notification: System } = surroundings;
    if (System?.permission !== 'granted') return;
    try {
      // The name of a room lets in whoever knows it: it is not for those who see this screen.
      shown = new System(t('app.name'), { body, tag: 'linkup', dir: 'auto', silent: true });
      shown.onclick = () => {
        surroundings.focus();
        shown?.close();
      };
    } catch {
      // Some browsers have it, and keep it from pages.
      rememberWays({ system: false });
      store.apply({ type: 'ways', ways: { system: false } });
      store.apply({ type: 'notice', sentence: { key: 'note.no-notifications' } });
    }
  }
}

/** @param {string} room @param {number} count */
function titleOf(room, count) {
  return count === 0 ? t('app.title', { room }) : t('app.title-news', { room, count });
}

/** @param {News} news */
function wordsOf({ kind, name, text }) {
  switch (kind) {
    case 'message':
      return t('note.writes', { name, text: text.slice(0, textLimit) });
    case 'came':
      return t('note.joined', { name });
    case 'waits':
      return t('note.waits', { name });
    case 'hand':
      return t('note.hand', { name });
    case 'records':
      return t('note.records', { name });
  }
}

/** @returns {Surroundings} */
function aroundPage() {
  return { document, Notification: globalThis.Notification, focus: () => window.focus(), now: () => performance.now(), chime: createChime() };
}
