/**
 * What of the page is open, and what was not read.
 *
 * @typedef {'chat' | 'people'} Tab
 *
 * @typedef {object} Panel
 * @property {boolean} isOpen  the panel beside the call
 * @property {Tab} tab
 * @property {boolean} isHelpOpen
 * @property {boolean} isCheckOpen  the test of the connection
 * @property {boolean} isMenuOpen  of what has no place on the toolbar
 * @property {boolean} isInviteOpen  how others are invited
 * @property {boolean} isReactionsOpen  the choice of a reaction
 * @property {boolean} isStatsOpen  the figures of the connections
 * @property {boolean} isDevicesOpen  the choice of devices
 * @property {boolean} isInSight  whether the window has the focus
 * @property {number} unread  messages
 * @property {boolean} hasShortcuts  whether keys act
 *
 * @typedef {{ type: 'panel', isOpen: boolean, tab?: Tab }
 *   | { type: 'help', isOpen: boolean }
 *   | { type: 'check', isOpen: boolean }
 *   | { type: 'menu', isOpen: boolean }
 *   | { type: 'invite', isOpen: boolean }
 *   | { type: 'reaction-menu', isOpen: boolean }
 *   | { type: 'stats', isOpen: boolean }
 *   | { type: 'devices', isOpen: boolean }
 *   | { type: 'sight', isInSight: boolean }
 *   | { type: 'shortcuts', isOn: boolean }
 *   | { type: 'messages', messages: readonly unknown[], isNews?: boolean, news?: number }
 *   | { type: 'left' }} PanelEvent  `news`: how many of the messages are from others
 */

import { changed } from './store.js';

/** @type {Panel} */
export const closedPanel = { isOpen: false, tab: 'chat', isHelpOpen: false, isCheckOpen: false, isMenuOpen: false, isInviteOpen: false, isReactionsOpen: false, isStatsOpen: false, isDevicesOpen: false, isInSight: true, unread: 0, hasShortcuts: true };

/** @param {Panel} panel @param {PanelEvent | { type: '' }} event @returns {Panel} */
export function reducePanel(panel, event) {
  switch (event.type) {
    case 'panel':
      return read(changed(panel, { isOpen: event.isOpen, tab: event.tab ?? panel.tab }));
    case 'help':
      return changed(panel, { isHelpOpen: event.isOpen, isMenuOpen: false });
    case 'check':
      // One of them at a time: it may be asked for in the help.
      return changed(panel, { isCheckOpen: event.isOpen, isHelpOpen: false, isMenuOpen: false });
    case 'menu':
      return changed(panel, { isMenuOpen: event.isOpen });
    case 'invite':
      return changed(panel, { isInviteOpen: event.isOpen, isHelpOpen: false, isMenuOpen: false });
    case 'reaction-menu':
      return changed(panel, { isReactionsOpen: event.isOpen, isHelpOpen: false, isMenuOpen: false });
    case 'stats':
      return changed(panel, { isStatsOpen: event.isOpen, isHelpOpen: false, isMenuOpen: false });
    case 'devices':
      return changed(panel, { isDevicesOpen: event.isOpen, isHelpOpen: false, isMenuOpen: false });
    case 'sight':
      return read(changed(panel, { isInSight: event.isInSight }));
    case 'shortcuts':
      return changed(panel, { hasShortcuts: event.isOn });
    case 'messages':
      return read(changed(panel, { unread: panel.unread + (event.news ?? 0) }));
    case 'left':
      return changed(panel, { isOpen: false, tab: 'chat', isHelpOpen: false, isCheckOpen: false, isMenuOpen: false, isInviteOpen: false, isReactionsOpen: false, isStatsOpen: false, isDevicesOpen: false, unread: 0 });
    default:
      return panel;
  }
}

/** @param {Panel} panel */
function read(panel) {
  return panel.isOpen && panel.tab === 'chat' && panel.isInSight ? changed(panel, { unread: 0 }) : panel;
}
