/** One end of a channel; what is sent is buffered until the test lets it flow. */
export class FakeChannel extends EventTarget {
  readyState = 'open';
  bufferedAmount = 0;
  highest = 0;
  queue = [];
  largest = 0;

  send(value) {
    const data = ArrayBuffer.isView(value) ? value.slice().buffer : value;
    const size = typeof data === 'string' ? data.length : data.byteLength;
    this.queue.push(data);
    this.bufferedAmount += size;
    this.highest = Math.max(this.highest, this.bufferedAmount);
    this.largest = Math.max(this.largest, size);
  }

  close() {
    this.readyState = 'closing';
  }

  deliver(data) {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** Carries everything that waits to the other end. */
  flow(other, change = (data) => data) {
    for (const data of this.queue.splice(0)) other.deliver(change(data));
    this.bufferedAmount = 0;
    this.dispatchEvent(new Event('bufferedamountlow'));
  }

  cut() {
    this.readyState = 'closed';
    this.dispatchEvent(new Event('close'));
  }
}
