/** A recording to be saved: it stands among the files that have come. */

let count = 0;

/**
 * @param {import('../../state/state.js').PageStore} store
 * @param {{ name: string, file: Blob, sink: { markSaved: () => unknown, remove: () => unknown } }} recording
 */
export function offer(store, { name, file, sink }) {
  count += 1;
  const url = URL.createObjectURL(file);
  store.apply({
    type: 'transfer',
    transfer: {
      id: `recording ${count}`, isOwn: false, isRecording: true, name, from: '', size: file.size, progress: file.size, state: 'done', code: 'none', waitsFor: 'answer', recipients: [], url,
      cancel: () => undefined,
      save: () => void sink.markSaved(),
      dismiss: () => {
        URL.revokeObjectURL(url);
        void sink.remove();
      },
    },
  });
}
