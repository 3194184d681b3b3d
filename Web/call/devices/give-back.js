/**
 * Ends a track that nobody uses any more, and whatever listens to it: Chromium keeps one that is listened to for as long as
 * the page.
 *
 * @param {MediaStreamTrack | undefined} track
 */
export function giveBack(track) {
  if (!track) return;
  track.onended = track.onmute = track.onunmute = null;
  track.stop();
}
