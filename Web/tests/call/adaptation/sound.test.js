import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferRedundancy, withSparseSound } from '../../../call/adaptation/sound.js';

const sdp = (...lines) => ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 63 111 9', 'a=rtpmap:63 red/48000/2', 'a=fmtp:63 111/111', 'a=rtpmap:111 opus/48000/2', ...lines, 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', ''].join('\r\n');

for (const [what, lines, expected] of [
  ['Chromium', ['a=fmtp:111 minptime=10;useinbandfec=1'], ['a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1']],
  ['Firefox', ['a=fmtp:111 maxplaybackrate=48000;stereo=1;useinbandfec=1'], ['a=fmtp:111 maxplaybackrate=48000;stereo=1;useinbandfec=1;usedtx=1']],
  ['nobody who says anything of it', [], ['a=fmtp:111 useinbandfec=1;usedtx=1']],
  ['somebody who asks for it already', ['a=fmtp:111 usedtx=1; useinbandfec=1'], ['a=fmtp:111 usedtx=1; useinbandfec=1']],
  ['somebody who does not want it', ['a=fmtp:111 usedtx=0;useinbandfec=0'], ['a=fmtp:111 usedtx=0;useinbandfec=0']],
]) {
  test(`a description of ${what}`, () => assert.equal(withSparseSound(sdp(...lines)), sdp(...expected)));
}

for (const other of ['', 'rubbish', 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n', 'a=rtpmap:1234 opus/48000/2', 'a=rtpmap: opus/48000/2', 'a=fmtp:111 x']) {
  test(`what has no Opus stays: ${JSON.stringify(other)}`, () => assert.equal(withSparseSound(other), other));
}

test('each of several lines of sound', () => {
  const lines = (parameters) => ['a=rtpmap:111 opus/48000/2', `a=fmtp:111 ${parameters}`, ''].join('\r\n').repeat(2);
  assert.equal(withSparseSound(lines('minptime=10')), lines('minptime=10;useinbandfec=1;usedtx=1'));
});

test('a thousand kinds of Opus cost no more than four', () => {
  const kinds = Array.from({ length: 1000 }, (_, type) => `a=rtpmap:${type} opus/48000/2\r\n`).join('');
  assert.equal(withSparseSound(kinds).match(/usedtx=1/g)?.length, 4);
});

test('every line break of before is there', () => {
  assert.equal(withSparseSound('a=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10\nb=1\n'), 'a=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\nb=1\n');
});

test('what says everything twice comes first, where the browser has it and takes the list', (context) => {
  context.after(() => delete globalThis.RTCRtpReceiver);
  const [opus, red] = [{ mimeType: 'audio/opus' }, { mimeType: 'audio/red' }];
  const asked = [];
  const transceiver = { setCodecPreferences: (codecs) => asked.push(codecs) };
  preferRedundancy(transceiver);
  globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs: [opus] }) };
  preferRedundancy(transceiver);
  globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs: [opus, red] }) };
  preferRedundancy(transceiver);
  preferRedundancy(undefined);
  preferRedundancy({});
  preferRedundancy({ setCodecPreferences: () => { throw new Error('InvalidModificationError'); } });
  assert.deepEqual(asked, [[red, opus]]);
});
