/** There is no room for more of a recording. */
export class EndOfRoom extends Error {
  sentence;

  /** @param {import('../../i18n/t.js').Sentence} sentence  what the person is told */
  constructor(sentence) {
    super(sentence.key);
    this.sentence = sentence;
  }
}
