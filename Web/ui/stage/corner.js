/**
 * Where oneself stands small: in one of the corners, to which a pointer or the arrow keys move it.
 *
 * @typedef {import('../../state/stage/stage.js').Corner} Corner
 * @typedef {{ x: number, y: number }} Point
 */

/** What moves less than that was a click, in pixels. */
const least = 8;
const arrows = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']);

/**
 * The corner on that side of the present one, or the same where there is none.
 *
 * @param {Corner} corner
 * @param {string} key
 * @param {boolean} isRightToLeft  the direction of the page
 * @returns {Corner}
 */
export function cornerTowards(corner, key, isRightToLeft) {
  const [row, side] = /** @type {['top' | 'bottom', 'start' | 'end']} */ (corner.split('-'));
  const left = isRightToLeft ? 'end' : 'start';
  const right = isRightToLeft ? 'start' : 'end';
  switch (key) {
    case 'ArrowUp':
      return `top-${side}`;
    case 'ArrowDown':
      return `bottom-${side}`;
    case 'ArrowLeft':
      return `${row}-${left}`;
    case 'ArrowRight':
      return `${row}-${right}`;
    default:
      return corner;
  }
}

/**
 * The corner that a point is nearest to.
 *
 * @param {Point} point
 * @param {{ left: number, top: number, width: number, height: number }} box
 * @param {boolean} isRightToLeft
 * @returns {Corner}
 */
export function cornerAt({ x, y }, { left, top, width, height }, isRightToLeft) {
  const isLeft = x < left + width / 2;
  return `${y < top + height / 2 ? 'top' : 'bottom'}-${isLeft === isRightToLeft ? 'end' : 'start'}`;
}

/**
 * Lets a tile be moved while it stands in a corner, which its `data-corner` names.
 *
 * @param {HTMLElement} element
 * @param {import('../../state/state.js').PageStore} store
 */
export function makeMovable(element, store) {
  /** @type {Point | undefined} */
  let start;
  element.addEventListener('pointerdown', (event) => {
    const isTool = event.target instanceof Element && event.target.closest('button, a') !== null;
    if (element.dataset['corner'] === undefined || event.button !== 0 || isTool) return;
    start = { x: event.clientX, y: event.clientY };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener('pointermove', (event) => {
    if (start) element.style.translate = `${event.clientX - start.x}px ${event.clientY - start.y}px`;
  });
  element.addEventListener('pointerup', (event) => {
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) >= least) settle();
  });
  // It comes after `pointerup` as well.
  element.addEventListener('lostpointercapture', () => {
    start = undefined;
    element.style.translate = '';
  });
  element.addEventListener('keydown', (event) => {
    if (element.dataset['corner'] === undefined || !arrows.has(event.key) || event.target !== element) return;
    event.preventDefault();
    store.apply({ type: 'corner', corner: cornerTowards(store.get().stage.corner, event.key, isRightToLeft()) });
  });

  function settle() {
    const { left, top, width, height } = element.getBoundingClientRect();
    const stage = element.parentElement?.getBoundingClientRect();
    const middle = { x: left + width / 2, y: top + height / 2 };
    if (stage) store.apply({ type: 'corner', corner: cornerAt(middle, stage, isRightToLeft()) });
  }
}

function isRightToLeft() {
  return document.documentElement.dir === 'rtl';
}
