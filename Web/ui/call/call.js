/** The screen of a call: stage, toolbar, chat, files, banner. */

import { t } from '../../i18n/t.js';
import { suggestedWays } from '../../state/settings.js';
import { isBusy } from '../../state/transfers.js';
import { createCheck } from '../check/check.js';
import { createDevices } from '../devices/devices.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { createInvite } from '../invite/invite.js';
import { createMenu } from '../menu/menu.js';
import { createNotices } from '../notices/notices.js';
import { createPip } from '../pip/pip.js';
import { createReactions } from '../reactions/reactions.js';
import { createRecord } from '../record/record.js';
import { createSharing } from '../sharing/sharing.js';
import { createSide } from '../side/side.js';
import { createAlone } from '../stage/alone.js';
import { toggleFullscreen, watchFullscreen } from '../stage/fullscreen.js';
import { createPager } from '../stage/pager.js';
import { createStage } from '../stage/stage.js';
import { createStats } from '../stats/stats.js';
import { createToolbar, createTop } from '../toolbar/toolbar.js';
import { createTransfers } from '../transfers/transfers.js';
import { createVerify } from '../verify/verify.js';
import { announce } from './announce.js';
import { guardBack } from './back.js';
import { tellTalkingMuted } from './muted.js';
import { listenForTalk } from './talk.js';

/** From this width on there is room for the chat beside the call. */
const wide = '(min-width: 900px)';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} options.commands
 * @param {AbortSignal} options.signal
 */
export function createCall({ store, session, commands, signal }) {
  const parts = { store, session, commands, signal };
  const width = matchMedia(wide);
  const record = createRecord(parts);
  const top = createTop({ ...parts, recording: record.element });
  const toolbar = createToolbar(parts);
  const side = createSide(parts);
  const sharing = createSharing(parts).element;
  const banner = h('div', { id: 'banner', class: 'banner', role: 'status' }, h('span', { class: 'spinner' }), t('call.reconnecting'));
  let isThere = false;
  // The panel that is there from the start does not take the focus.
  queueMicrotask(() => (isThere = true));
  const elsewhere = h('div', { id: 'elsewhere', class: 'banner', role: 'status' }, t('call.elsewhere'), h('button', { type: 'button', onclick: () => session.takeBack() }, t('call.take-back')));
  const drop = h('div', { class: 'drop', hidden: true }, h('p', {}, icon('file'), t('call.drop')));
  const stage = createStage(parts).element;
  const pager = createPager(parts).element;
  const reactions = createReactions({ ...parts, openers: [toolbar.reactions, toolbar.more] });
  const middle = h('div', { class: 'middle' }, banner, elsewhere, stage, pager, createAlone(parts).element, createNotices(parts).element, createTransfers(parts).element, reactions.strip, reactions.spoken);
  const check = createCheck(parts);
  const menu = createMenu({ ...parts, opener: toolbar.more });
  const element = h('main', { id: 'call', class: 'call' }, top.element, sharing, middle, toolbar.element, side.element, drop, check.element, menu.element, createInvite(parts).element, reactions.menu, createStats(parts).element, createVerify(parts).element, createDevices(parts).element);
  store.apply({ type: 'panel', isOpen: width.matches, tab: 'chat' });
  store.watch(({ connection }) => connection.isConnected, (isConnected) => (banner.hidden = isConnected), { signal });
  store.watch(({ connection }) => connection.isElsewhere, (isElsewhere) => (elsewhere.hidden = !isElsewhere), { signal });
  store.watch(({ panel }) => panel.isOpen, showPanel, { signal });
  width.addEventListener('change', () => {
    // What has become a sheet would cover the call.
    if (!width.matches) store.apply({ type: 'panel', isOpen: false });
    cover();
  }, { signal });
  store.apply({ type: 'ways', ways: suggestedWays() });
  announce(parts);
  tellTalkingMuted(parts);
  listenForTalk({ store, talk: (isHeard) => session.talk(isHeard), signal });
  guardBack({ store, isSheet: () => !width.matches, signal });
  acceptDrops({ drop, onDrop: (dropped) => session.drop(dropped), signal });
  askBeforeLosing(store, signal);
  keepAwake(signal);
  watchFullscreen({ store, signal });
  const pip = createPip({ ...parts, video: () => stage.querySelector('.tile.is-main video') ?? stage.querySelector('.tile:not([hidden]) video') });
  return { element, focus: top.focus, toggleFullscreen: () => toggleFullscreen(element), togglePip: pip.toggle, toggleRecording: record.toggle };

  /** @param {boolean} isOpen */
  function showPanel(isOpen) {
    element.classList.toggle('has-side', isOpen);
    cover();
    if (!isThere) return;
    if (isOpen) side.focus();
    else if (document.activeElement === document.body || side.element.contains(document.activeElement)) toolbar.chat.focus();
  }

  /** What the sheet covers takes no focus; files that ask lie above it. */
  function cover() {
    for (const covered of [top.element, sharing, stage, pager]) covered.inert = store.get().panel.isOpen && !width.matches;
  }
}

/**
 * Takes files that are dropped anywhere on the page.
 *
 * @param {{ drop: HTMLElement, onDrop: (dropped: DataTransfer) => void, signal: AbortSignal }} options
 */
function acceptDrops({ drop, onDrop, signal }) {
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
    onDrop(event.dataTransfer);
  }, { signal });
}

/**
 * Asks before the page is closed with files that are on their way or not saved, or while it records.
 *
 * @param {import('../../state/state.js').PageStore} store
 * @param {AbortSignal} signal
 */
function askBeforeLosing(store, signal) {
  addEventListener('beforeunload', (event) => {
    const { transfers, recording } = store.get();
    if (!isBusy(transfers) && recording.phase === 'off') return;
    event.preventDefault();
    event.returnValue = true;
  }, { signal });
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
    if (signal.aborted) void lock?.release();
  };
  document.addEventListener('visibilitychange', () => void ask(), { signal });
  signal.addEventListener('abort', () => void lock?.release());
  void ask();
}
