/** Cuts the page off from the server, and from nothing else: what people send each other goes on. */

const part = '/socket.io/';

/** Takes the place of what the Socket.IO client uses, from now on. */
export function wrapSignalling() {
  /** @type {Set<WebSocket>} */
  const sockets = new Set();
  let end = 0;
  let outage = new AbortController();
  const isOut = () => performance.now() < end;

  globalThis.WebSocket = class extends WebSocket {
    /** @param {string | URL} url @param {string | string[]} [protocols] */
    constructor(url, protocols) {
      super(url, protocols);
      sockets.add(this);
      this.addEventListener('close', () => sockets.delete(this));
      if (isOut()) this.close();
    }
  };

  const plainFetch = globalThis.fetch;
  globalThis.fetch = (input, options = {}) => {
    if (!String(input instanceof Request ? input.url : input).includes(part)) return plainFetch(input, options);
    if (isOut()) return Promise.reject(new TypeError('cut off for a test'));
    return plainFetch(input, { ...options, signal: joined([outage.signal, ...(options.signal ? [options.signal] : [])]) });
  };

  return {
    /** @param {number} seconds  until a connection can be made again; with 0 it is cut, and can be made at once */
    drop(seconds) {
      end = performance.now() + seconds * 1000;
      outage.abort();
      outage = new AbortController();
      for (const socket of sockets) socket.close();
    },
  };
}

/** @param {AbortSignal[]} signals */
function joined(signals) {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort();
    signal.addEventListener('abort', () => controller.abort(), { once: true });
  }
  return controller.signal;
}
