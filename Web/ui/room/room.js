/** A room from the lobby to the good-bye: one screen at a time, and each ends with its signal. */

import { t } from '../../i18n/t.js';
import { Media } from '../../call/media.js';
import { ownFormat } from '../../call/recording/format.js';
import { Session } from '../../session.js';
import { hasShortcuts, rememberName, rememberRelayOnly, suggestedName, suggestedRelayOnly, transportsIn } from '../../state/settings.js';
import { createPageStore } from '../../state/state.js';
import { isBusy } from '../../state/transfers.js';
import { makeCommands } from '../commands/commands.js';
import { listenForShortcuts } from '../commands/shortcuts.js';
import { createHelp } from '../help/help.js';
import { createLobby } from '../lobby/lobby.js';

/**
 * @param {HTMLElement} root
 * @param {string} room
 * @param {(getSession: () => Session) => void} [look]  for who looks for faults
 */
export function showRoom(root, room, look) {
  const store = createPageStore();
  const page = new AbortController();
  const transports = transportsIn(location.search);
  let session = new Session({ store, room, transports });
  /** @type {() => void} */
  let submitLobby = () => undefined;
  /** @type {() => void} */
  let toggleFullscreen = () => undefined;
  /** @type {() => void} */
  let togglePip = () => undefined;
  /** @type {() => void} */
  let toggleRecording = () => undefined;
  const commands = makeCommands(store, {
    join: () => submitLobby(),
    leave,
    permit: () => session.permit(),
    toggleMicrophone: () => session.toggleMicrophone(),
    toggleCamera: () => session.toggleCamera(),
    toggleScreen: () => session.toggleScreen(),
    toggleMotion: () => session.toggleMotion(),
    toggleScreenSound: () => session.toggleScreenSound(),
    toggleHand: () => session.toggleHand(),
    toggleNoiseSuppression: () => session.toggleNoiseSuppression(),
    toggleBlur: () => session.toggleBlur(),
    flipCamera: () => session.flipCamera(),
    canShareScreen: Media.canShareScreen,
    toggleRecording: () => toggleRecording(),
    canRecord: ownFormat() !== undefined,
    toggleFullscreen: () => toggleFullscreen(),
    canFill: document.fullscreenEnabled === true,
    togglePip: () => togglePip(),
    canPip: 'documentPictureInPicture' in window || document.pictureInPictureEnabled === true,
  });
  const list = Object.values(commands);
  document.title = t('app.title', { room });
  store.apply({ type: 'shortcuts', isOn: hasShortcuts() });
  listenForShortcuts({ store, commands: list, signal: page.signal });
  watchSight(store, page.signal);
  let screen = new AbortController();
  store.watch(({ connection }) => connection.screen, (name) => void show(name), { signal: page.signal });
  void session.start();
  look?.(() => session);

  /** @param {import('../../state/connection.js').Connection['screen']} name */
  async function show(name) {
    screen.abort();
    screen = new AbortController();
    const { signal } = screen;
    const parts = { store, session, commands, signal };
    const help = createHelp({ store, commands, signal });
    if (name === 'lobby') {
      const lobby = createLobby({ ...parts, name: suggestedName(), relayOnly: suggestedRelayOnly(location.search), onJoin: join });
      submitLobby = lobby.submit;
      root.replaceChildren(lobby.element, help.element);
      inside().then(({ createDevices }) => {
        if (!signal.aborted) root.append(createDevices(parts).element);
      }, isIncomplete);
    } else if (name === 'call') {
      const { createCall } = await inside();
      if (signal.aborted) return;
      const call = createCall(parts);
      toggleFullscreen = call.toggleFullscreen;
      togglePip = call.togglePip;
      toggleRecording = call.toggleRecording;
      root.replaceChildren(call.element, help.element);
      call.focus();
    } else if (name === 'waiting') {
      const { createWaiting } = await inside();
      if (signal.aborted) return;
      const waiting = createWaiting({ store, onLeave: () => session.leave() });
      root.replaceChildren(waiting.element);
      waiting.focus();
    } else {
      const { createLeft } = await inside();
      if (signal.aborted) return;
      const left = createLeft({ store, signal, onAgain: again });
      root.replaceChildren(left.element);
      left.focus();
    }
  }

  /** @param {string} name @param {boolean} relayOnly @returns {Promise<boolean>} whether it is under way */
  async function join(name, relayOnly) {
    rememberName(name);
    // What an address asks for holds for that address.
    if (relayOnly !== suggestedRelayOnly(location.search)) rememberRelayOnly(relayOnly);
    try {
      await inside();
    } catch {
      isIncomplete();
      return false;
    }
    void session.join(name, relayOnly);
    return true;
  }

  /** The server is out of reach, or has another version of the page by now: nothing of it fits to this one. */
  function isIncomplete() {
    store.apply({ type: 'problem', problem: { key: 'problem.page-incomplete' } });
  }

  function leave() {
    const isLosing = isBusy({ ...store.get().transfers, saved: store.get().transfers.list.map(({ id }) => id) });
    if (!isLosing || confirm(t('call.confirm-leave'))) session.leave();
  }

  function again() {
    session = new Session({ store, room, transports });
    void session.start();
  }
}

/** What comes after the lobby: it is loaded while one is there. */
function inside() {
  return import('./inside.js');
}

/** @param {import('../../state/state.js').PageStore} store @param {AbortSignal} signal */
function watchSight(store, signal) {
  for (const name of ['focus', 'blur']) {
    addEventListener(name, () => store.apply({ type: 'sight', isInSight: document.hasFocus() }), { signal });
  }
  store.apply({ type: 'sight', isInSight: document.hasFocus() });
}
