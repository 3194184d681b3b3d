/** The screen of a call: stage, toolbar, chat, files, banner. */

import { Media } from '../../call/media.js';
import { h } from '../dom.js';
import { createNotes, toggle } from '../controls/controls.js';
import { icon } from '../icons.js';
import { createSide } from '../side/side.js';
import { createStage } from '../stage/stage.js';
import { createTransfers } from '../transfers/transfers.js';

/** From this width on there is room for the chat beside the call. */
const wide = '(min-width: 900px)';

/**
 * @param {object} options
 * @param {string} options.room
 * @param {string} options.name
 * @param {Media} options.media
 * @param {import('../../call/call.js').Call} options.call
 * @param {import('../../net/chat.js').Chat} options.chat
 * @param {import('../../files/files.js').Files} options.files
 * @param {() => void} options.onLeave
 */
export function createCallView({ room, name, media, call, chat, files, onLeave }) {
  const abort = new AbortController();
  const stage = createStage({ name, call, media });
  const notes = createNotes();
  const transfers = createTransfers(files);
  const banner = h('div', { id: 'banner', class: 'banner', role: 'status', hidden: true }, h('span', { class: 'spinner' }), 'Reconnecting…');
  const badge = h('span', { class: 'badge', hidden: true });
  const drop = h('div', { class: 'drop', hidden: true }, h('p', {}, icon('file'), 'Drop to send to everyone in the call'));
  const side = createSide({
    chat,
    onFiles: (chosen) => files.send(chosen),
    onUnread: (count) => {
      badge.hidden = count === 0;
      badge.textContent = count > 99 ? '99+' : String(count);
      chatButton.element.setAttribute('aria-label', count === 0 ? 'Chat' : `Chat, ${count} unread`);
    },
    onToggle: (isOpen) => {
      chatButton.setPressed(isOpen);
      element.classList.toggle('has-side', isOpen);
    },
  });

  const mute = toggle({ id: 'mute', icon: 'microphone', pressedIcon: 'microphoneOff', label: 'Mute', shortcut: 'M', kind: 'warns', onclick: toggleMicrophone });
  const camera = toggle({ id: 'camera', icon: 'camera', pressedIcon: 'cameraOff', label: 'Camera off', shortcut: 'V', kind: 'warns', onclick: toggleCamera });
  const screen = toggle({ id: 'screen', icon: 'screen', label: 'Share screen', kind: 'lights', onclick: toggleScreen });
  const chatButton = toggle({ id: 'chat-toggle', icon: 'chat', label: 'Chat', kind: 'lights', onclick: toggleChat });
  const leave = h('button', { id: 'leave', type: 'button', class: 'round danger', 'aria-label': 'Leave the call', title: 'Leave', onclick: () => onLeave() }, icon('leave'));
  screen.element.hidden = !Media.canShareScreen;
  const invite = h('button', { id: 'invite', type: 'button', class: 'quiet', onclick: copyLink }, icon('link'), h('span', {}, 'Copy invite link'));
  const element = h(
    'main',
    { id: 'call', class: 'call' },
    h('header', { class: 'top' }, h('img', { src: '/favicon.svg', alt: 'LinkUp', width: 28, height: 28 }), h('h1', {}, room), invite),
    h('div', { class: 'middle' }, banner, stage.element, notes.element, transfers.element),
    h('nav', { class: 'toolbar', 'aria-label': 'Call' }, mute.element, camera.element, screen.element, h('div', { class: 'badged' }, chatButton.element, badge), leave),
    side.element,
    drop,
  );

  media.on('change', showMedia).on('problem', notes.add);
  call.on('note', notes.add);
  chat.on('note', notes.add);
  files.on('note', notes.add);
  document.addEventListener('keydown', shortcut, { signal: abort.signal });
  acceptDrops();
  keepAwake(abort.signal);
  showMedia();
  side.setOpen(matchMedia(wide).matches);
  return { element, close, setConnected };

  /** @param {boolean} isConnected */
  function setConnected(isConnected) {
    banner.hidden = isConnected;
  }

  function showMedia() {
    const { audio, video, screen: isShared } = media.status;
    mute.setPressed(!audio);
    camera.setPressed(!video);
    screen.setPressed(isShared);
  }

  function toggleMicrophone() {
    void media.setMicrophone(!media.wanted.audio);
  }

  function toggleCamera() {
    void media.setCamera(!media.wanted.video);
  }

  function toggleScreen() {
    if (media.status.screen) media.stopScreen();
    else void media.startScreen();
  }

  function toggleChat() {
    side.setOpen(!side.isOpen());
    if (side.isOpen()) side.focus();
  }

  async function copyLink() {
    const link = `${location.origin}/r/${encodeURIComponent(room)}`;
    try {
      await navigator.clipboard.writeText(link);
      notes.add({ key: 'call.link-copied' });
    } catch {
      // Without HTTPS, or permission, there is no clipboard.
      window.prompt('Copy this link to invite others:', link);
    }
  }

  /** @param {KeyboardEvent} event */
  function shortcut(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const isWriting = target.matches('input, textarea, select');
    if (isWriting || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key.toLowerCase() === 'm') toggleMicrophone();
    else if (event.key.toLowerCase() === 'v') toggleCamera();
  }

  function acceptDrops() {
    const { signal } = abort;
    const carriesFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') === true;
    document.addEventListener('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      drop.hidden = false;
    }, { signal });
    document.addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) drop.hidden = true;
    }, { signal });
    document.addEventListener('drop', (event) => {
      drop.hidden = true;
      if (!event.dataTransfer || !carriesFiles(event)) return;
      event.preventDefault();
      void files.drop(event.dataTransfer);
    }, { signal });
  }

  function close() {
    abort.abort();
    stage.close();
    media.off('change', showMedia).off('problem', notes.add);
  }
}

/**
 * Keeps the screen of a phone lit: a transfer or a call would stop with it.
 *
 * @param {AbortSignal} signal
 */
function keepAwake(signal) {
  /** @typedef {{ release: () => Promise<void> }} Lock */
  // The type checker's library is older than this interface.
  const { wakeLock } = /** @type {{ wakeLock?: { request: (kind: string) => Promise<Lock> } }} */ (/** @type {unknown} */ (navigator));
  /** @type {Lock | undefined} */
  let lock;
  const ask = async () => {
    if (document.visibilityState !== 'visible' || signal.aborted) return;
    lock = await wakeLock?.request('screen').catch(() => undefined);
  };
  document.addEventListener('visibilitychange', () => void ask(), { signal });
  signal.addEventListener('abort', () => void lock?.release());
  void ask();
}
