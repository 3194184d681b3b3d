import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificates } from '../../call/certificates.js';

test('a certificate, or none where the browser makes none', async () => {
  assert.deepEqual(await makeCertificates(), []);
  const asked = [];
  globalThis.RTCPeerConnection = { generateCertificate: async (algorithm) => asked.push(algorithm) && 'certificate' };
  assert.deepEqual(await makeCertificates(), ['certificate']);
  assert.deepEqual(asked, [{ name: 'ECDSA', namedCurve: 'P-256' }]);
  globalThis.RTCPeerConnection.generateCertificate = async () => Promise.reject(new Error('not supported'));
  assert.deepEqual(await makeCertificates(), []);
});
