/** The certificate of one stay in a call, for all its connections. */

/**
 * One for each stay: a lasting one would let others recognize the browser, and one for each connection would be another
 * code to compare with each.
 *
 * @returns {Promise<RTCCertificate[]>} none where the browser makes no such one; it makes its own for each connection then
 */
export async function makeCertificates() {
  try {
    return [await RTCPeerConnection.generateCertificate(/** @type {any} */ ({ name: 'ECDSA', namedCurve: 'P-256' }))];
  } catch {
    return [];
  }
}
