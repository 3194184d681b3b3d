import assert from 'node:assert/strict';
import { test } from 'node:test';
import english from '../../i18n/en.js';
import { adviceFor, browserOf } from '../../call/devices/advice.js';

for (const [expected, userAgent] of [
  ['chromium', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'],
  ['chromium', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0'],
  ['chromium', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36'],
  ['firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['safari', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15'],
  ['safari', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1'],
  ['safari', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1'],
  ['chromium', ''],
]) {
  test(`${expected}: ${userAgent.slice(12, 50)}`, () => assert.equal(browserOf(userAgent), expected));
}

test('each problem that a person can mend has advice, in words that are there', () => {
  for (const device of ['microphone', 'camera']) {
    for (const [end, advice] of [['denied', 'advice.allow-safari'], ['busy', 'advice.busy'], ['missing', 'advice.missing'], ['gone', undefined], ['no-https', undefined]]) {
      assert.equal(adviceFor(`problem.${device}-${end}`, 'safari'), advice);
      if (advice) assert.ok(advice in english);
    }
  }
  for (const browser of ['chromium', 'firefox']) assert.ok(adviceFor('problem.camera-denied', browser) in english);
});
