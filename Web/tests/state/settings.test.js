import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberDevice, rememberedDevices, rememberedProcessing, rememberProcessing } from '../../state/settings.js';

const storage = new Map();
globalThis.localStorage = { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value) };

test('each device is remembered beside the others', () => {
  storage.clear();
  rememberDevice('audioinput', { id: 'a', label: 'Headset' });
  rememberDevice('audiooutput', { id: 's', label: 'Loud' });
  rememberDevice('audioinput', { id: 'b', label: 'Other' });
  assert.deepEqual(rememberedDevices(), { audioinput: { id: 'b', label: 'Other' }, audiooutput: { id: 's', label: 'Loud' } });
  const processing = { echoCancellation: true, noiseSuppression: false, autoGainControl: true };
  rememberProcessing(processing);
  assert.deepEqual(rememberedProcessing(), processing);
});

for (const [stored, devices, processing] of [
  ['', {}, {}],
  ['{', {}, {}],
  ['null', {}, {}],
  ['7', {}, {}],
  ['[]', {}, {}],
  ['{"audioinput":null,"videoinput":{"id":1,"label":"x"},"other":{"id":"a","label":"b"}}', {}, {}],
  ['{"audioinput":{"id":"a","label":"b","more":1},"noiseSuppression":false,"echoCancellation":"no"}', { audioinput: { id: 'a', label: 'b' } }, { noiseSuppression: false }],
]) {
  test(`what somebody else has stored: ${stored}`, () => {
    storage.set('linkup.devices', stored);
    storage.set('linkup.processing', stored);
    assert.deepEqual([rememberedDevices(), rememberedProcessing()], [devices, processing]);
  });
}

test('storage may be switched off', () => {
  globalThis.localStorage = { getItem: () => { throw new Error('no'); }, setItem: () => { throw new Error('no'); } };
  rememberDevice('audioinput', { id: 'a', label: 'b' });
  assert.deepEqual([rememberedDevices(), rememberedProcessing()], [{}, {}]);
});
