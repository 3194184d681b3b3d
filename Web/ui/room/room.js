/** A room from the lobby to the good-bye. */

import { io } from '../../client/socket.io.js';
import { Call } from '../../call/call.js';
import { Media } from '../../call/media.js';
import { Chat } from '../../net/chat.js';
import { Files } from '../../files/files.js';
import { say } from '../../i18n/t.js';
import { h } from '../dom.js';
import { rememberName, rememberRelayOnly, suggestedName, suggestedRelayOnly, transportsIn } from '../../state/settings.js';
import { createCallView } from '../call/call.js';
import { createLobby } from '../lobby/lobby.js';

export class Room {
  #root;
  #room;

  /** @param {HTMLElement} root @param {string} room */
  constructor(root, room) {
    this.#root = root;
    this.#room = room;
    document.title = `${room} · LinkUp`;
  }

  showLobby() {
    const media = new Media();
    const suggestion = suggestedRelayOnly(location.search);
    const lobby = createLobby({
      room: this.#room,
      name: suggestedName(),
      relayOnly: suggestion,
      media,
      onJoin: (name, relayOnly) => {
        lobby.close();
        rememberName(name);
        // What an address asks for holds for that address.
        if (relayOnly !== suggestion) rememberRelayOnly(relayOnly);
        this.#join(name, relayOnly, media);
      },
    });
    this.#root.replaceChildren(lobby.element);
    void media.start();
  }

  /** @param {string} name @param {boolean} relayOnly @param {Media} media */
  #join(name, relayOnly, media) {
    const room = this.#room;
    const options = { transports: transportsIn(location.search), autoConnect: false, forceNew: true };
    const chatSocket = io('/chat', options);
    const callSocket = chatSocket.io.socket('/call');
    const chat = new Chat({ socket: chatSocket, room, name });
    const call = new Call({ socket: callSocket, room, name, media, relayOnly });
    const view = createCallView({ room, name, media, call, chat, files: new Files(call), onLeave: leave });
    const { peers } = call;
    Object.assign(window, { linkup: { sockets: { chat: chatSocket, call: callSocket }, peers } });

    const refuse = (/** @type {import('../../i18n/t.js').Sentence} */ reason) => leave(reason);
    call.on('refused', refuse);
    chat.on('refused', refuse);
    chatSocket.on('connect', showConnection);
    chatSocket.on('disconnect', showConnection);
    chatSocket.on('connect_error', showConnection);
    this.#root.replaceChildren(view.element);
    chat.start();
    call.start();

    function showConnection() {
      view.setConnected(chatSocket.connected);
    }

    const goOut = (/** @type {import('../../i18n/t.js').Sentence | undefined} */ reason) => this.#showEnd(reason);
    /** @param {import('../../i18n/t.js').Sentence} [reason] */
    function leave(reason) {
      view.close();
      call.leave();
      chat.leave();
      media.stop();
      goOut(reason);
    }
  }

  /** @param {import('../../i18n/t.js').Sentence | undefined} reason */
  #showEnd(reason) {
    const again = h('button', { type: 'button', class: 'primary', onclick: () => this.showLobby() }, reason ? 'Try again' : 'Join again');
    this.#root.replaceChildren(
      h(
        'main',
        { id: 'left', class: 'page' },
        h('header', { class: 'hero' }, h('img', { src: '/favicon.svg', alt: '', width: 56, height: 56 }), h('h1', {}, reason ? 'You could not join' : 'You left the call'), h('p', {}, reason ? say(reason) : `The room ${this.#room} stays open.`)),
        h('div', { class: 'choices' }, again, h('a', { class: 'button', href: '/' }, 'Another room')),
      ),
    );
    again.focus();
  }
}
