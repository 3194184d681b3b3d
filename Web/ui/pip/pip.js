/**
 * The call in a small window above all others: with a document of its own where there are such windows, with the
 * browser's own player of one picture elsewhere.
 */

import { t } from '../../i18n/t.js';
import { lookedAtOf } from '../../state/stage/stage.js';
import { tilesOf } from '../../state/stage/tiles.js';
import { commandButton } from '../commands/button.js';
import { createAvatar, personName } from '../controls/controls.js';
import { h } from '../dom.js';

/** In pixels, before a person makes it larger. */
const size = { width: 400, height: 260 };

/**
 * @typedef {object} Options
 * @property {import('../../state/state.js').PageStore} store
 * @property {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} commands
 * @property {() => HTMLVideoElement | null} video  the one that is large
 * @property {AbortSignal} signal
 */

/** @param {Options} options */
export function createPip({ store, commands, video, signal }) {
  // The type checker's library is older than this interface.
  const { documentPictureInPicture: windows } = /** @type {{ documentPictureInPicture?: { requestWindow: (size: object) => Promise<Window> } }} */ (/** @type {unknown} */ (window));
  /** @type {Window | undefined} */
  let small;
  for (const [event, isOpen] of /** @type {const} */ ([['enterpictureinpicture', true], ['leavepictureinpicture', false]])) {
    document.addEventListener(event, () => tell(isOpen), { signal });
  }
  signal.addEventListener('abort', close);
  return { toggle };

  function toggle() {
    if (store.get().stage.isPip) close();
    else (windows ? open(windows) : play()).catch(() => store.apply({ type: 'notice', sentence: { key: 'command.pip-fails' } }));
  }

  /** @param {{ requestWindow: (size: object) => Promise<Window> }} windows */
  async function open(windows) {
    small = await windows.requestWindow(size);
    const end = new AbortController();
    small.addEventListener('pagehide', () => {
      small = undefined;
      end.abort();
      tell(false);
    });
    if (signal.aborted) return close();
    fill(small.document, { store, commands, signal: end.signal });
    tell(true);
  }

  async function play() {
    const large = video();
    if (!large) throw new Error('no picture');
    await large.requestPictureInPicture();
  }

  function close() {
    small?.close();
    if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => undefined);
  }

  /** @param {boolean} isOpen */
  function tell(isOpen) {
    store.apply({ type: 'pip', isOpen });
  }
}

/**
 * Shows whom one looks at, as it changes, and what one needs of the toolbar.
 *
 * @param {Document} page  of the small window
 * @param {Omit<Options, 'video'>} options
 */
function fill(page, { store, commands, signal }) {
  const own = new MediaStream();
  const avatar = createAvatar();
  const picture = h('video', { autoplay: true, playsinline: true });
  // The call itself is heard already.
  picture.muted = true;
  const [name = ''] = personName('', { class: 'pip-name', isSelf: false });
  const buttons = [commands.mute, commands.camera, commands.leave].map((command) =>
    commandButton(command, { store, signal, class: command.id === 'leave' ? 'round danger' : 'round' }),
  );
  const element = h('main', { class: 'pip' }, picture, avatar.element, name, h('nav', { class: 'pip-bar', 'aria-label': t('call.toolbar') }, ...buttons));
  page.title = document.title;
  page.documentElement.lang = document.documentElement.lang;
  page.documentElement.dir = document.documentElement.dir;
  page.head.append(...[...document.querySelectorAll('style, link[rel="stylesheet"]')].map((style) => style.cloneNode(true)));
  page.body.append(element);
  picture.addEventListener('resize', show, { signal });
  store.watch(({ peers }) => peers, show, { signal });
  store.watch(({ members }) => members, show, { signal });
  store.watch(({ media }) => media, show, { signal });
  store.watch(({ stage }) => stage, show, { signal });
  signal.addEventListener('abort', () => (picture.srcObject = null));

  function show() {
    const state = store.get();
    const { videoTrack, status: ownStatus } = state.media;
    const id = lookedAtOf(state);
    const other = tilesOf(state).find((one) => one.id === id);
    for (const track of own.getTracks()) if (track !== videoTrack) own.removeTrack(track);
    if (videoTrack && own.getTracks().length === 0) own.addTrack(videoTrack);
    const { name: words, status, stream } = other ?? { name: state.connection.name, status: { ...ownStatus, screen: false }, stream: own };
    if (name instanceof HTMLElement) name.textContent = other?.isScreen ? t('tile.screen', { name: words }) : words;
    avatar.show(words, state.colours);
    picture.classList.toggle('mirrored', !other);
    if (picture.srcObject !== stream) {
      picture.srcObject = stream;
      picture.play().catch(() => undefined);
    }
    element.classList.toggle('is-dark', !(status.video || status.screen) || picture.videoWidth === 0);
  }
}
