import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { codeOf, fingerprintIn, hexOf, pairOf } from '../../call/fingerprint.js';
import { sha256 } from '../../files/sha256.js';
import { emoji } from '../../ui/verify/emoji.js';

const one = '9E:02:1F:11:51:DB:9B:BD:79:10:25:FC:88:1E:39:43:71:7F:E5:B7:94:21:D5:9A:B9:3A:CA:E1:2F:31:7F:B1';
const other = 'EE:7A:F2:2B:C5:DB:55:4A:A2:79:68:92:9E:DA:0D:1B:BD:75:EA:12:33:22:00:B5:18:CE:A5:00:8E:77:08:65';
const digits = (fingerprint) => fingerprint.replaceAll(':', '').toLowerCase();
const line = (fingerprint, hash = 'sha-256') => `a=fingerprint:${hash} ${fingerprint}`;
const session = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
const audio = ['m=audio 9 UDP/TLS/RTP/SAVPF 109', 'a=mid:0', 'a=setup:active'];
const video = ['m=video 9 UDP/TLS/RTP/SAVPF 120', 'a=mid:1', 'a=setup:active'];
const sdp = (...lines) => `${lines.flat().join('\r\n')}\r\n`;

for (const [what, given, expected] of [
  ['Chromium: one for each of the media', sdp(session, audio, line(one), video, line(one)), one],
  ['Firefox: one for the session', sdp(session, line(one), audio, video), one],
  ['both', sdp(session, line(one), audio, line(one), video), one],
  ['small letters', sdp(session, line(one.toLowerCase()), audio), one],
  ['small and large letters', sdp(session, line(one.toLowerCase()), audio, line(one)), one],
  ['the hash in large letters', sdp(session, line(one, 'SHA-256'), audio), one],
  ['lines that end with a line feed alone', sdp(session, line(one), audio).replaceAll('\r\n', '\n'), one],
  ['blanks at the end', sdp(session, `${line(one)} \t`, audio), one],
  ['none', sdp(session, audio, video), undefined],
  ['nothing', '', undefined],
  ['two that differ, of the media', sdp(session, audio, line(one), video, line(other)), undefined],
  ['two that differ, in the other order', sdp(session, audio, line(other), video, line(one)), undefined],
  ['of the session and of the media', sdp(session, line(one), audio, line(other)), undefined],
  ['two of the session', sdp(session, line(one), line(other), audio), undefined],
  ['another hash alone', sdp(session, line(one, 'sha-512'), audio), undefined],
  ['another hash besides', sdp(session, line(one), line('00:11:22:33', 'sha-1'), audio), undefined],
  ['another hash that looks the same', sdp(session, line(one), line(one, 'sha-256x'), audio), undefined],
  ['a byte less', sdp(session, line(one.slice(3)), audio), undefined],
  ['a byte more', sdp(session, line(`${one}:00`), audio), undefined],
  ['a digit that is none', sdp(session, line(one.replace('9E', '9G')), audio), undefined],
  ['full-width digits', sdp(session, line(one.replace('02', '０２')), audio), undefined],
  ['without colons', sdp(session, line(digits(one)), audio), undefined],
  ['more behind it', sdp(session, `${line(one)} ${other}`, audio), undefined],
  ['two blanks', sdp(session, `a=fingerprint:sha-256  ${one}`, audio), undefined],
  ['the attribute in large letters, which some might take', sdp(session, line(one), line(other).replace('a=fingerprint', 'A=FINGERPRINT'), audio), undefined],
  ['blanks before it, which some might take', sdp(session, line(one), ` ${line(other)}`, audio), undefined],
  ['blanks within it', sdp(session, line(one), line(other).replace('a=', 'a = '), audio), undefined],
  ['a line that ends with a carriage return alone', sdp(session, line(one), audio).concat(`a=x\r${line(other)}\r\n`), undefined],
  ['another sort of line end', sdp(session, line(one), `s=\u2028${line(other)}`, audio), undefined],
  ['no value', sdp(session, line(one), 'a=fingerprint', audio), undefined],
  ['the word in another line', sdp(session, line(one), `a=x-fingerprint:sha-256 ${other}`, `s=a=fingerprint:sha-256 ${other}`, audio), one],
]) {
  test(`a fingerprint: ${what}`, () => assert.equal(fingerprintIn(given), expected && digits(expected)));
}

test('a long description costs no more than its length', () => {
  const time = (count) => {
    const text = sdp(session, Array(count).fill(line(one)), `a=fingerprint:sha-256 ${'00:'.repeat(count)}`);
    const start = performance.now();
    assert.equal(fingerprintIn(text), undefined);
    return performance.now() - start;
  };
  time(100);
  // With squares it would be minutes.
  assert.ok(time(200_000) < 20_000);
});

// The numbers were computed with Python's hashlib.
for (const [a, b, hex, code] of [
  [digits(one), digits(other), 'c26d20108121037d001437a7329312d3c67a46fe7985c1f9cccb98c43342133f', [48, 38, 52, 32, 4, 8, 4]],
  ['00'.repeat(32), 'ff'.repeat(32), 'bba91ca85dc914b2ec3efb9e16e7267bf9193b14350d20fba8a8b406730ae30a', [46, 58, 36, 28, 42, 5, 55]],
  ['00'.repeat(32), '00'.repeat(32), 'f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b', [61, 26, 23, 61, 16, 45, 5]],
]) {
  test(`the code ${code} is the same on both sides`, () => {
    for (const pair of [pairOf(a, b), pairOf(b, a)]) {
      assert.equal(pair.length, 64);
      assert.equal(hexOf(sha256(pair)), hex);
      assert.equal(createHash('sha256').update(pair).digest('hex'), hex);
      assert.deepEqual(codeOf(sha256(pair)), code);
    }
  });
}

test('there are 64 signs, each another one, of one character and with a name of its own', () => {
  assert.equal(emoji.length, 64);
  assert.equal(new Set(emoji.map(([sign]) => sign)).size, 64);
  assert.equal(new Set(emoji.map(([, name]) => name)).size, 64);
  for (const [sign] of emoji) assert.match(sign, /^\p{Emoji_Presentation}$/u);
});
