/** Keys that stand for commands. */

/**
 * @typedef {import('./commands.js').Command} Command
 * @typedef {Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat' | 'isComposing' | 'keyCode' | 'target'>} Press
 */

/** What takes keys as text, or chooses by them. */
const writable = 'input:not([type="checkbox"], [type="file"], [type="button"]), textarea, select, [contenteditable]:not([contenteditable="false"])';

/**
 * The command that a key stands for: none while the person writes or an input method composes, none where shortcuts are
 * switched off (WCAG 2.1.4), and none with a key that makes another thing of it.
 *
 * @param {Press} press
 * @param {import('../../state/state.js').State} state
 * @param {Command[]} commands
 * @returns {Command | undefined}
 */
export function commandFor(press, state, commands) {
  if (!state.panel.hasShortcuts || press.repeat || press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (isComposing(press) || isWriting(press)) return undefined;
  return commands.find((command) => fits(press, command.key) && command.when(state));
}

/**
 * Whether Escape is meant for the page.
 *
 * @param {Press} press
 */
export function isEscape(press) {
  return press.key === 'Escape' && !isComposing(press);
}

/**
 * How a key is called, on keys and in the help.
 *
 * @param {Command['key']} key
 */
export function keyName(key) {
  if (key === undefined) return '';
  if ('character' in key) return key.character;
  const name = key.code.replace(/^Key|^Digit/, '');
  return key.shift ? `Shift+${name}` : name;
}

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Command[]} options.commands
 * @param {AbortSignal} options.signal
 */
export function listenForShortcuts({ store, commands, signal }) {
  document.addEventListener('keydown', act, { signal });

  /** @param {KeyboardEvent} event */
  function act(event) {
    const command = commandFor(event, store.get(), commands);
    if (!command) return;
    event.preventDefault();
    command.run();
  }
}

/** @param {Press} press @param {Command['key']} key */
function fits(press, key) {
  if (key === undefined) return false;
  if ('character' in key) return press.key === key.character;
  return press.code === key.code && press.shiftKey === (key.shift ?? false);
}

/**
 * Whether a key goes into a text, or chooses by it.
 *
 * @param {Press} press
 */
export function isWriting({ target }) {
  return target !== null && 'matches' in target && /** @type {Element} */ (target).matches(writable);
}

/**
 * A key that an input method takes; some browsers say so by 229 alone.
 *
 * @param {Press} press
 */
export function isComposing({ isComposing: isComposed, keyCode }) {
  return isComposed || keyCode === 229;
}
