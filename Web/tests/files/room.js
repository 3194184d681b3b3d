/** A call of fake peers, and the files in it. */

import { Emitter } from '../../client/emitter.js';
import { Files } from '../../files/files.js';
import { version } from '../../files/transfer.js';
import { FakeChannel } from './fake-channel.js';

function makePeer(id, connectionState = 'connected') {
  const peer = { id, name: id, connectionState, pc: {}, channels: [] };
  peer.openChannel = () => {
    if (peer.connectionState !== 'connected') throw new DOMException('closed', 'InvalidStateError');
    const channel = new FakeChannel();
    peer.channels.push(channel);
    return channel;
  };
  return peer;
}

export function makeFiles(...ids) {
  const call = new Emitter();
  call.peers = new Map(ids.map((id) => [id, makePeer(id)]));
  const files = new Files(call);
  const rows = new Map();
  const notes = [];
  files.on('change', (row) => rows.set(row.id, row));
  files.on('note', ({ key }) => notes.push(key));
  const peer = (id) => call.peers.get(id);
  return {
    call,
    files,
    peer,
    notes,
    rows: () => [...rows.values()],
    /** Somebody offers a file. */
    offer(id, size, more = {}) {
      const channel = new FakeChannel();
      call.dispatch('channel', peer(id), channel);
      const message = { type: 'offer', version, name: 'x', size, ...more };
      if (channel.readyState === 'open') channel.deliver(JSON.stringify(message));
      return channel;
    },
    /** The state of the connection to a peer changes. */
    connect(id, state = 'connected') {
      peer(id).connectionState = state;
      call.dispatch('change', peer(id));
    },
    leave(id) {
      peer(id).connectionState = 'closed';
      call.peers.delete(id);
      call.dispatch('peers');
    },
    join(id, state = 'new') {
      call.peers.set(id, makePeer(id, state));
      call.dispatch('peers');
    },
  };
}

export const file = (name, size = 3) => Object.assign(new Blob([new Uint8Array(size)]), { name });

/** The types of what was told over a channel. */
export const told = (channel) => channel.queue.filter((data) => typeof data === 'string').map((data) => JSON.parse(data).type);
