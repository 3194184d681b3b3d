/**
 * What somebody else chose, such as a name, to stand in a sentence: it turns the direction of reading of nothing but
 * itself. In an element of its own `<bdi>` does the same.
 *
 * @param {string} text
 */
export function isolate(text) {
  return `\u2068${text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')}\u2069`;
}
