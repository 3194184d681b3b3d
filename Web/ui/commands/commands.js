/**
 * What a person can do, in one list: toolbar, menus, keyboard shortcuts and the help are made of it.
 *
 * @typedef {import('../../state/state.js').State} State
 * @typedef {import('../../i18n/t.js').Key} Key
 * @typedef {import('../icons.js').IconName} IconName
 * @typedef {import('./stage-commands.js').StageCommandId} StageCommandId
 * @typedef {'join' | 'permit' | 'mute' | 'camera' | 'screen' | 'unshare' | 'motion' | 'screen-sound' | 'hand' | 'reactions' | 'record' | 'chat' | 'people' | 'invite' | 'leave' | 'check' | 'stats' | 'devices' | 'noise' | 'blur' | 'flip' | 'help' | 'more' | StageCommandId} CommandId
 *
 * @typedef {object} Command
 * @property {CommandId} id
 * @property {IconName} icon
 * @property {{ code: string, shift?: boolean } | { character: string }} [key]  the place of a key, whatever the layout, or
 *   the character that it must give
 * @property {Key} label
 * @property {(state: State) => boolean} when  whether it can be done
 * @property {() => void} run
 * @property {{ icon?: IconName, label?: Key, kind: 'warns' | 'lights', isOn: (state: State) => boolean }} [toggle]
 *   what it looks like while it is on
 * @property {(state: State) => Key} [state]  of several, what is chosen at present
 *
 * @typedef {object} Actions  what commands do
 * @property {() => void} join
 * @property {() => void} permit
 * @property {() => void} leave
 * @property {() => void} toggleMicrophone
 * @property {() => void} toggleCamera
 * @property {() => void} toggleScreen
 * @property {() => void} toggleMotion
 * @property {() => void} toggleScreenSound
 * @property {() => void} toggleHand
 * @property {() => void} toggleNoiseSuppression
 * @property {() => void} toggleBlur
 * @property {() => void} flipCamera
 * @property {boolean} canShareScreen
 * @property {() => void} toggleRecording
 * @property {boolean} canRecord  the call
 * @property {() => void} toggleFullscreen
 * @property {boolean} canFill  the screen
 * @property {() => void} togglePip
 * @property {boolean} canPip  show the call in a small window
 */

import { handOf } from '../../state/members.js';
import { makeStageCommands } from './stage-commands.js';

/**
 * @param {import('../../state/state.js').PageStore} store
 * @param {Actions} actions
 * @returns {Record<CommandId, Command>}
 */
export function makeCommands(store, actions) {
  const isIn = (/** @type {State} */ { connection }) => connection.screen === 'call';
  const isSharing = (/** @type {State} */ state) => isIn(state) && state.media.status.screen;
  const hasDevices = (/** @type {State} */ { connection }) => connection.screen === 'call' || connection.screen === 'lobby';
  const hasOtherCamera = (/** @type {State} */ { media }) => media.status.video && media.devices.filter(({ kind }) => kind === 'videoinput').length > 1;
  const isShown = (/** @type {State} */ { panel }, /** @type {'chat' | 'people'} */ tab) => panel.isOpen && panel.tab === tab;
  const togglePanel = (/** @type {'chat' | 'people'} */ tab) => store.apply({ type: 'panel', isOpen: !isShown(store.get(), tab), tab });
  return {
    join: { id: 'join', icon: 'camera', label: 'command.join', when: ({ connection }) => connection.screen === 'lobby', run: () => actions.join() },
    permit: { id: 'permit', icon: 'camera', label: 'command.permit', when: ({ media }) => media.isBeforePrompt, run: () => actions.permit() },
    mute: {
      id: 'mute',
      icon: 'microphone',
      key: { code: 'KeyM' },
      label: 'command.mute',
      when: hasDevices,
      run: () => actions.toggleMicrophone(),
      toggle: { icon: 'microphoneOff', label: 'command.unmute', kind: 'warns', isOn: ({ media }) => !media.status.audio },
    },
    camera: {
      id: 'camera',
      icon: 'camera',
      key: { code: 'KeyV' },
      label: 'command.camera-off',
      when: hasDevices,
      run: () => actions.toggleCamera(),
      toggle: { icon: 'cameraOff', label: 'command.camera-on', kind: 'warns', isOn: ({ media }) => !media.status.video },
    },
    screen: {
      id: 'screen',
      icon: 'screen',
      key: { code: 'KeyS' },
      label: 'command.share',
      when: (state) => isIn(state) && actions.canShareScreen,
      run: () => actions.toggleScreen(),
      toggle: { label: 'command.unshare', kind: 'lights', isOn: ({ media }) => media.status.screen },
    },
    unshare: { id: 'unshare', icon: 'screenOff', label: 'command.share-end', when: isSharing, run: () => actions.toggleScreen() },
    motion: {
      id: 'motion',
      icon: 'motion',
      label: 'command.motion',
      when: isSharing,
      run: () => {
        store.apply({ type: 'notice', sentence: { key: store.get().media.sharing.isMotion ? 'command.motion-off' : 'command.motion-on' } });
        actions.toggleMotion();
      },
      toggle: { kind: 'lights', isOn: ({ media }) => media.sharing.isMotion },
    },
    'screen-sound': {
      id: 'screen-sound',
      icon: 'sound',
      label: 'command.screen-sound',
      when: (state) => isSharing(state) && state.media.sharing.sound !== 'none',
      run: () => actions.toggleScreenSound(),
      toggle: { kind: 'lights', isOn: ({ media }) => media.sharing.sound === 'sent' },
    },
    hand: {
      id: 'hand',
      icon: 'hand',
      key: { code: 'KeyH' },
      label: 'command.hand',
      when: isIn,
      run: () => actions.toggleHand(),
      toggle: { label: 'command.hand-down', kind: 'lights', isOn: ({ members }) => handOf(members, members.self) > 0 },
    },
    reactions: { id: 'reactions', icon: 'smile', key: { code: 'KeyE' }, label: 'command.reactions', when: isIn, run: () => store.apply({ type: 'reaction-menu', isOpen: true }) },
    record: {
      id: 'record',
      icon: 'record',
      key: { code: 'KeyR', shift: true },
      label: 'command.record',
      when: (state) => isIn(state) && actions.canRecord && !state.connection.isElsewhere,
      run: () => actions.toggleRecording(),
      toggle: { label: 'command.record-stop', kind: 'lights', isOn: ({ recording }) => recording.phase === 'on' },
    },
    chat: {
      id: 'chat',
      icon: 'chat',
      key: { code: 'KeyC' },
      label: 'command.chat',
      when: isIn,
      run: () => togglePanel('chat'),
      toggle: { kind: 'lights', isOn: (state) => isShown(state, 'chat') },
    },
    people: {
      id: 'people',
      icon: 'people',
      key: { code: 'KeyP' },
      label: 'command.people',
      when: isIn,
      run: () => togglePanel('people'),
      toggle: { kind: 'lights', isOn: (state) => isShown(state, 'people') },
    },
    invite: { id: 'invite', icon: 'link', key: { code: 'KeyI' }, label: 'command.invite', when: isIn, run: () => store.apply({ type: 'invite', isOpen: true }) },
    leave: { id: 'leave', icon: 'leave', key: { code: 'KeyL', shift: true }, label: 'command.leave', when: isIn, run: () => actions.leave() },
    check: { id: 'check', icon: 'pulse', label: 'command.check', when: isIn, run: () => store.apply({ type: 'check', isOpen: true }) },
    stats: { id: 'stats', icon: 'bars', key: { code: 'KeyQ' }, label: 'command.stats', when: isIn, run: () => store.apply({ type: 'stats', isOpen: true }) },
    devices: { id: 'devices', icon: 'sliders', key: { code: 'KeyD' }, label: 'command.devices', when: hasDevices, run: () => store.apply({ type: 'devices', isOpen: !store.get().panel.isDevicesOpen }) },
    noise: {
      id: 'noise',
      icon: 'sound',
      label: 'command.noise',
      when: ({ media }) => media.audioTrack !== undefined,
      run: () => actions.toggleNoiseSuppression(),
      toggle: { kind: 'lights', isOn: ({ media }) => media.processing.noiseSuppression },
    },
    blur: {
      id: 'blur',
      icon: 'camera',
      label: 'command.blur',
      when: ({ media }) => media.blur.isPossible,
      run: () => actions.toggleBlur(),
      toggle: { kind: 'lights', isOn: ({ media }) => media.blur.isOn },
    },
    flip: { id: 'flip', icon: 'flip', label: 'command.flip', when: hasOtherCamera, run: () => actions.flipCamera() },
    help: {
      id: 'help',
      icon: 'help',
      key: { character: '?' },
      label: 'command.help',
      when: hasDevices,
      run: () => store.apply({ type: 'help', isOpen: !store.get().panel.isHelpOpen }),
    },
    more: { id: 'more', icon: 'more', label: 'command.more', when: isIn, run: () => store.apply({ type: 'menu', isOpen: true }) },
    ...makeStageCommands(store, actions, isIn),
  };
}
