/** Looking into a shared screen, by wheel, pointers, fingers and keys. */

import { t } from '../../i18n/t.js';
import { clamped, closer, moved, step, viewOf, whole } from '../../state/stage/zoom.js';

/**
 * @typedef {import('../../state/stage/zoom.js').Frame} Frame
 * @typedef {import('../../state/stage/zoom.js').Point} Point
 * @typedef {import('../../state/stage/zoom.js').View} View
 */

/** How much of a tile an arrow key goes on. */
const stride = 0.2;
/** So many pixels of a wheel, or of the wheel that stands for two fingers on a pad, make it about three times larger. */
const turns = { wheel: 400, pinch: 100 };
/** In pixels, of a wheel that counts lines. */
const line = 16;
/** What a double click shows larger. */
const doubled = 2;
/** Which way each goes on the picture, on every page alike: a picture has no direction of reading. */
const arrows = new Map([['ArrowUp', [0, -1]], ['ArrowDown', [0, 1]], ['ArrowLeft', [-1, 0]], ['ArrowRight', [1, 0]]]);

/**
 * @param {object} options
 * @param {string} options.id  of the tile
 * @param {HTMLElement} options.element
 * @param {HTMLVideoElement} options.video
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createZoom({ id, element, video, store, signal }) {
  /** @type {Frame | undefined} */
  let frame;
  /** @type {Map<number, Point>} */
  const pointers = new Map();
  element.addEventListener('wheel', turn, { passive: false });
  element.addEventListener('pointerdown', press);
  element.addEventListener('pointermove', drag);
  // It comes after `pointerup` and `pointercancel` as well.
  element.addEventListener('lostpointercapture', ({ pointerId }) => pointers.delete(pointerId));
  element.addEventListener('keydown', key);
  // A button that has made itself needless is gone: the keys of whoever pressed it go on.
  element.addEventListener('click', (event) => event.composedPath().some((part) => part instanceof HTMLButtonElement && part.hidden) && element.focus());
  // Whoever has the focus nowhere means what is large.
  document.addEventListener('keydown', (event) => event.target === document.body && store.get().panel.hasShortcuts && go(event), { signal });
  store.watch(({ zoom }) => viewOf(zoom, id), show, { signal });
  return { frameBy, doubleClick };

  /** @param {Frame | undefined} now  nothing where the tile is not large, or has no picture */
  function frameBy(now) {
    frame = now;
    element.classList.toggle('can-zoom', frame !== undefined);
    if (frame) Object.assign(element, { tabIndex: 0, ariaDescription: t('tile.zoom') });
    else for (const name of ['tabindex', 'aria-description']) element.removeAttribute(name);
    show();
  }

  function show() {
    const { scale, x, y } = present();
    const { width, height } = frame?.picture ?? { width: 0, height: 0 };
    const isZoomed = scale > 1;
    element.classList.toggle('is-zoomed', isZoomed);
    video.style.transform = isZoomed ? `translate(${(0.5 - x) * width * scale}px, ${(0.5 - y) * height * scale}px) scale(${scale})` : '';
  }

  function present() {
    return frame ? clamped(viewOf(store.get().zoom, id), frame) : whole;
  }

  /** @param {View} view */
  function look(view) {
    store.apply({ type: 'zoom', id, view });
  }

  /** @param {WheelEvent} event */
  function turn(event) {
    if (!frame) return;
    const pixels = event.deltaY * [1, line, frame.tile.height][event.deltaMode];
    const factor = Math.exp(-pixels / (event.ctrlKey ? turns.pinch : turns.wheel));
    // Of what is whole the wheel scrolls the others on; two fingers on a pad never mean the page.
    if (present().scale === 1 && factor <= 1 && !event.ctrlKey) return;
    event.preventDefault();
    look(closer(present(), factor, pointOf(event), frame));
  }

  /** @param {PointerEvent} event */
  function press(event) {
    if (!frame || event.button !== 0 || isOnTool(event)) return;
    pointers.set(event.pointerId, pointOf(event));
    element.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    const before = pointers.get(event.pointerId);
    if (!before || !frame) return;
    const now = pointOf(event);
    pointers.set(event.pointerId, now);
    const [other] = [...pointers].filter(([pointer]) => pointer !== event.pointerId).map(([, point]) => point);
    if (!other) {
      if (present().scale > 1) look(moved(present(), { x: now.x - before.x, y: now.y - before.y }, frame));
      return;
    }
    const from = middleOf(before, other);
    const to = middleOf(now, other);
    const factor = distance(now, other) / Math.max(distance(before, other), 1);
    look(moved(closer(present(), factor, from, frame), { x: to.x - from.x, y: to.y - from.y }, frame));
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (!frame || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') act(event, closer(present(), step, { x: 0, y: 0 }, frame));
    else if (event.key === '-') act(event, closer(present(), 1 / step, { x: 0, y: 0 }, frame));
    else if (event.key === '0') act(event, whole);
    else go(event);
  }

  /** @param {KeyboardEvent} event */
  function go(event) {
    const [x = 0, y = 0] = arrows.get(event.key) ?? [];
    const isArrow = arrows.has(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (!frame || !isArrow || present().scale === 1) return;
    act(event, moved(present(), { x: -x * stride * frame.tile.width, y: -y * stride * frame.tile.height }, frame));
  }

  /** @param {KeyboardEvent} event @param {View} view */
  function act(event, view) {
    event.preventDefault();
    event.stopPropagation();
    look(view);
  }

  /** @param {MouseEvent} event @returns {boolean} whether it is one into the picture */
  function doubleClick(event) {
    if (!frame || isOnTool(event)) return false;
    look(present().scale > 1 ? whole : closer(present(), doubled, pointOf(event), frame));
    return true;
  }

  /** @param {MouseEvent} event @returns {Point} */
  function pointOf({ clientX, clientY }) {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }
}

/** @param {Event} event */
function isOnTool({ target }) {
  return target instanceof Element && target.closest('button, a') !== null;
}

/** @param {Point} one @param {Point} other @returns {Point} */
function middleOf(one, other) {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** @param {Point} one @param {Point} other */
function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
