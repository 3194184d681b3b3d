import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebmHeader } from '../../../call/recording/webm.js';

/** What Chromium 156 and Firefox 153 write before the first cluster, with its first bytes. */
const vectors = {
  chromium:
    '1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701ffffffffffffff' +
    '1549a966992ad7b1830f42404d80864368726f6d655741864368726f6d65' +
    '1654ae6bfdaebcd7810173c5873ba27344b92fb183810155ee81018685565f565038e09fb0820500ba8202d053c0810155b09055b1810155b9810255ba810d55bb8101aebdd7810273c5870a316c2cd064e98381028686415f4f50555363a2934f707573486561640102000080bb0000000000e18db584473b80009f81026264812' +
    '01f43b67501ffffffffffffffe78100',
  firefox:
    '1a45dfa3010000000000001f4286810142f7810142f2810442f381084282847765626d42878102428581021853806701ffffffffffffff114d9b740100000000000000' +
    '1549a96601000000000000492ad7b1830f42404489880000000000000000' +
    '4d809851546d7578696e674170704c69625765624d2d302e302e31574199515477726974696e674170704c69625765624d2d302e302e31' +
    '1654ae6b0100000000000095ae010000000000002cd7810173c5843b72fb46258688835650388381018685565f565038e00100000000000008b0820500ba8202d0' +
    'ae0100000000000057d7810273c58497af472183810256aa8400632ea056bb8404c4b4008686415f4f50555363a2934f707573486561640101380144ac0000000000258688844f505553e1010000000000000db58840e58880000000009f8101' +
    '1f43b67501ffffffffffffffe78100',
};
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
const hexOf = (bytes) => Buffer.from(bytes).toString('hex');
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Passes pieces through, and gives what is written. */
function pass(pieces) {
  const header = new WebmHeader();
  const written = pieces.map((piece) => header.take(piece));
  return { header, bytes: join(...written, header.rest()) };
}

/** The file with what is said of its length. */
function patched({ header, bytes }, length) {
  const patch = header.say(length);
  assert.ok(patch, 'there is a place');
  const made = bytes.slice();
  made.set(patch.bytes, patch.position);
  return made;
}

const infoOf = (size, content) => `1549a966${size}${content}`;
const start = vectors.chromium.slice(0, vectors.chromium.indexOf('1549a966'));
const rest = vectors.chromium.slice(vectors.chromium.indexOf('1654ae6b'));
const known = '2ad7b1830f42404d80864368726f6d655741864368726f6d65';
const float64 = (value) => hexOf(new Uint8Array(new Float64Array([value]).buffer).reverse());
const float32 = (value) => hexOf(new Uint8Array(new Float32Array([value]).buffer).reverse());

for (const [what, file, expected] of [
  ['as Chromium writes it', vectors.chromium, `${start}${infoOf('a4', `${known}448988${float64(12_345)}`)}${rest}`],
  ['as Firefox does', vectors.firefox, vectors.firefox.replace(`448988${'00'.repeat(8)}`, `448988${float64(12_345)}`)],
  ['a size in two bytes', `${start}${infoOf('4019', known)}${rest}`, `${start}${infoOf('4024', `${known}448988${float64(12_345)}`)}${rest}`],
  ['a place of eight bytes', `${start}${infoOf('a4', `${known}448988${float64(0)}`)}${rest}`, `${start}${infoOf('a4', `${known}448988${float64(12_345)}`)}${rest}`],
  ['a place of four bytes', `${start}${infoOf('a0', `${known}448984${float32(0)}`)}${rest}`, `${start}${infoOf('a0', `${known}448984${float32(12_345)}`)}${rest}`],
  ['another length of a tick', `${start}${infoOf('87', '2ad7b183989680')}${rest}`, `${start}${infoOf('92', `2ad7b183989680448988${float64(1_234.5)}`)}${rest}`],
  ['no length of a tick', `${start}${infoOf('87', '2ad7b183000000')}${rest}`, `${start}${infoOf('92', `2ad7b183000000448988${float64(12_345)}`)}${rest}`],
  ['something that is skipped before', `${start}ec8100${infoOf('99', known)}${rest}`, `${start}ec8100${infoOf('a4', `${known}448988${float64(12_345)}`)}${rest}`],
]) {
  test(`a length gets into the header: ${what}`, () => {
    const whole = bytesOf(file);
    assert.equal(hexOf(patched(pass([whole]), 12_345)), expected);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      assert.equal(hexOf(patched(pass([whole.subarray(0, cut), whole.subarray(cut)]), 12_345)), expected, `cut at ${cut}`);
    }
    assert.equal(hexOf(patched(pass([...whole].map((byte) => Uint8Array.of(byte))), 12_345)), expected, 'byte by byte');
  });
}

test('before anything is said readers skip the place', () => {
  assert.equal(hexOf(pass([bytesOf(vectors.chromium)]).bytes), `${start}${infoOf('a4', `${known}ec89${'00'.repeat(9)}`)}${rest}`);
});

for (const [what, file] of [
  ['nothing', ''],
  ['no WebM', hexOf(Buffer.from('this is no such file at all'))],
  ['zeros', '00'.repeat(100)],
  ['a segment that tells its size', `${start.replace('01ffffffffffffff', '0100000000000fff')}${infoOf('99', known)}${rest}`],
  ['positions, which would be wrong', `${start}114d9b7482ec80${infoOf('99', known)}${rest}`],
  ['no more room in the byte of the size', `${start}${infoOf('fb', `ecf9${'00'.repeat(121)}`)}${rest}`],
  ['a length of a strange width', `${start}${infoOf('84', '44898100')}${rest}`],
  ['an element that is longer than what it is in', `${start}${infoOf('84', '4d80ff00')}${rest}`],
  ['pictures before anything is said of the file', `${start}${rest}`],
  ['an endless size', `${start}1549a96601fffffffffffffe${known}`],
  ['an information of unknown size', `${start}1549a966ff${known}${rest}`],
]) {
  test(`what cannot be told stays as it is: ${what}`, () => {
    const whole = bytesOf(file || '00').subarray(file === '' ? 1 : 0);
    const { header, bytes } = pass([whole]);
    assert.equal(hexOf(bytes), file);
    assert.equal(header.say(1000), undefined);
  });
}

test('no truncation and no change of a byte throws, or loses a byte', () => {
  for (const vector of Object.values(vectors)) survive(bytesOf(vector));
});

function survive(whole) {
  for (let length = 0; length <= whole.length; length += 1) {
    const { bytes } = pass([whole.subarray(0, length)]);
    assert.ok(bytes.length === length || bytes.length === length + 11);
  }
  for (let at = 0; at < whole.length; at += 1) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff, whole[at] ^ 0x40]) {
      const changed = whole.slice();
      changed[at] = value;
      const { header, bytes } = pass([changed]);
      assert.ok(bytes.length === whole.length || bytes.length === whole.length + 11);
      const patch = header.say(1000);
      assert.ok(patch === undefined || patch.position + patch.bytes.length <= bytes.length);
    }
  }
}

test('a header without end is not waited for', () => {
  const header = new WebmHeader();
  const endless = join(bytesOf(start), bytesOf('ec01fffffffffffffe'));
  assert.equal(header.take(endless).length, 0);
  const large = new Uint8Array(64 * 1024);
  assert.equal(header.take(large).length, endless.length + large.length);
  assert.equal(header.take(large), large, 'and what follows goes through');
  assert.equal(header.rest().length, 0);
});
