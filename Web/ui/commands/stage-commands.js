/**
 * How a person looks at the call.
 *
 * @typedef {import('./commands.js').State} State
 * @typedef {import('./commands.js').Command} Command
 * @typedef {'layout' | 'pin' | 'fullscreen' | 'own' | 'pip' | 'zoom-in' | 'zoom-out' | 'zoom-reset'} StageCommandId
 */

import { largeOf, nextLayout, pinnedOf } from '../../state/stage/stage.js';
import { step, viewOf, whole, zoomableOf } from '../../state/stage/zoom.js';

/**
 * @param {import('../../state/state.js').PageStore} store
 * @param {import('./commands.js').Actions} actions
 * @param {(state: State) => boolean} isIn  the call
 * @returns {Record<StageCommandId, Command>}
 */
export function makeStageCommands(store, actions, isIn) {
  const isZoomed = (/** @type {State} */ state) => isIn(state) && viewOf(state.zoom, zoomableOf(state)).scale > 1;
  return {
    layout: {
      id: 'layout',
      icon: 'layout',
      key: { code: 'KeyW' },
      label: 'command.layout',
      when: isIn,
      run: () => {
        const layout = nextLayout(store.get().stage);
        store.apply({ type: 'layout', layout });
        store.apply({ type: 'notice', sentence: { key: `layout.${layout}-long` } });
      },
      state: ({ stage }) => `layout.${stage.layout}`,
    },
    pin: {
      id: 'pin',
      icon: 'pin',
      key: { code: 'KeyK' },
      label: 'command.pin',
      when: (state) => isIn(state) && largeOf(state) !== undefined,
      run: () => store.apply({ type: 'pinned', id: pinnedOf(store.get()) === undefined ? largeOf(store.get()) : undefined }),
      toggle: { kind: 'lights', label: 'command.unpin', isOn: (state) => pinnedOf(state) !== undefined },
    },
    own: {
      id: 'own',
      icon: 'eyeOff',
      key: { code: 'KeyO' },
      label: 'command.own-hide',
      when: (state) => isIn(state) && state.peers.list.length > 0,
      run: () => hideOwn(store, !store.get().stage.isOwnHidden),
      toggle: { icon: 'eye', label: 'command.own-show', kind: 'lights', isOn: ({ stage }) => stage.isOwnHidden },
    },
    fullscreen: {
      id: 'fullscreen',
      icon: 'enlarge',
      key: { code: 'KeyF' },
      label: 'command.fullscreen',
      when: (state) => isIn(state) && actions.canFill,
      run: () => actions.toggleFullscreen(),
      toggle: { icon: 'shrink', label: 'command.fullscreen-off', kind: 'lights', isOn: ({ stage }) => stage.full !== undefined },
    },
    pip: {
      id: 'pip',
      icon: 'pip',
      label: 'command.pip',
      when: (state) => isIn(state) && actions.canPip,
      run: () => actions.togglePip(),
      toggle: { label: 'command.pip-off', kind: 'lights', isOn: ({ stage }) => stage.isPip },
    },
    'zoom-in': { id: 'zoom-in', icon: 'plus', key: { character: '+' }, label: 'command.zoom-in', when: (state) => isIn(state) && zoomableOf(state) !== undefined, run: () => zoom(store, step) },
    'zoom-out': { id: 'zoom-out', icon: 'minus', key: { character: '-' }, label: 'command.zoom-out', when: isZoomed, run: () => zoom(store, 1 / step) },
    'zoom-reset': { id: 'zoom-reset', icon: 'whole', key: { code: 'Digit0' }, label: 'command.zoom-reset', when: isZoomed, run: () => zoom(store, 0) },
  };
}

/** @param {import('../../state/state.js').PageStore} store @param {number} factor  how many times closer; 0 for the whole */
function zoom(store, factor) {
  const id = zoomableOf(store.get());
  if (id === undefined) return;
  const view = factor === 0 ? whole : viewOf(store.get().zoom, id);
  store.apply({ type: 'zoom', id, view: { ...view, scale: view.scale * (factor || 1) } });
}

/** @param {import('../../state/state.js').PageStore} store @param {boolean} isHidden  one's own picture, from oneself */
export function hideOwn(store, isHidden) {
  store.apply({ type: 'own', isHidden });
  if (isHidden) store.apply({ type: 'notice', sentence: { key: 'command.own-hidden' } });
}
