/** The code of the connection to one person, which both compare by word of mouth. */

import { codeOf } from '../../call/fingerprint.js';
import { t } from '../../i18n/t.js';
import { verdictOf } from '../../state/quality/verification.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { emoji } from './emoji.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createVerify({ store, signal }) {
  const heading = h('h2', { id: 'verify-title' });
  const again = h('p', { class: 'hint' });
  const code = h('ol', { class: 'code' });
  const verdict = h('p', { class: 'verdict', role: 'status' });
  const whole = h('code', { dir: 'ltr' });
  const details = h('details', { class: 'whole' }, h('summary', {}, t('verify.whole')), whole);
  const choose = (/** @type {boolean} */ isSame) => () => {
    const { shown } = store.get().verification;
    if (shown !== undefined) store.apply({ type: 'compared', id: shown, isSame });
  };
  const same = h('button', { type: 'button', class: 'verify-same', onclick: choose(true) }, icon('check'), t('verify.is-same'));
  const other = h('button', { type: 'button', class: 'verify-other', onclick: choose(false) }, icon('close'), t('verify.is-other'));
  const close = () => store.apply({ type: 'verify', id: undefined });
  const element = h(
    'dialog',
    { id: 'verify', class: 'verify', 'aria-labelledby': 'verify-title', onclose: close },
    heading,
    h('div', { class: 'scrolls', tabindex: 0 }, h('p', { class: 'hint' }, t('verify.intro')), again, code, verdict, details),
    h('div', { class: 'verify-foot' }, same, other, h('button', { type: 'button', class: 'primary', autofocus: true, onclick: close }, t('verify.close'))),
  );
  store.watch(({ verification }) => verification, show, { signal });
  return { element };

  function show() {
    const { verification, peers } = store.get();
    const { shown } = verification;
    if (shown === undefined) {
      if (element.open) element.close();
      return;
    }
    const name = peers.list.find(({ id }) => id === shown)?.name ?? '';
    const known = verification.peers.get(shown);
    const word = verdictOf(verification, shown);
    heading.textContent = t('verify.title', { name });
    again.hidden = known?.isAgain !== true || word !== 'open';
    again.textContent = t('verify.again', { name });
    showCode(known?.digest);
    element.dataset['verdict'] = word;
    verdict.textContent = t(`verify.verdict-${word}`);
    same.hidden = known?.digest === undefined || word === 'same';
    other.hidden = known?.digest === undefined || word === 'refused';
    if (!element.open) element.showModal();
  }

  /** @param {string | undefined} digest */
  function showCode(digest = '') {
    details.hidden = digest === '';
    if (whole.dataset['digest'] === digest) return;
    whole.dataset['digest'] = digest;
    whole.textContent = digest.match(/.{1,4}/g)?.join(' ') ?? '';
    const numbers = digest === '' ? [] : codeOf(Uint8Array.from(digest.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
    code.replaceChildren(...numbers.map(makeSign));
  }
}

/** @param {number} number */
function makeSign(number) {
  const [sign, name] = emoji[number] ?? ['', 'dog'];
  // The picture says nothing that its name does not.
  return h('li', {}, h('span', { class: 'sign', 'aria-hidden': 'true' }, sign), t(`emoji.${name}`));
}
