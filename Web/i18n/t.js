/**
 * The words of the page, in the person's language: `t('key', values)`.
 *
 * A catalogue is a flat table of keys by part, such as `lobby.join`. An entry is a text in which `{name}` stands for a
 * value, or the forms of one by the plural categories of `count` (`Intl.PluralRules`). `{!name}` is a value that needs no
 * guard of its direction: it stands in a title, or is a text of ours.
 *
 * @typedef {string | { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>} Entry
 * @typedef {Record<string, Entry>} Catalogue
 * @typedef {keyof typeof import('./en.js').default} Key
 * @typedef {string | number | string[]} Value
 * @typedef {{ key: Key, values?: Record<string, Value> }} Sentence  what to say, for whoever has the words
 */

import en from './en.js';
import { isolate } from './isolate.js';
import { catalogueOf, closest, directionOf } from './languages.js';

let language = 'en';
/** @type {Catalogue} */
let words = en;

/** The tag of the language that is spoken (BCP 47). */
export function currentLanguage() {
  return language;
}

/** The way in which the language is read. */
export function direction() {
  return directionOf(language);
}

/**
 * Speaks another language, from now on; what is on the screen stays as it is.
 *
 * @param {readonly string[]} wanted  tags, the best one first
 * @returns {Promise<string>} the one of them that there are words for, or else `en`
 */
export async function useLanguage(wanted) {
  const tag = closest(wanted);
  words = await catalogueOf(tag);
  language = tag;
  return tag;
}

/**
 * A text in words.
 *
 * Numbers are written as the language does, arrays as a list ("A, B and C"), and each text that is put in turns the
 * direction of reading of nothing but itself.
 *
 * @param {Key} key
 * @param {Record<string, Value>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  return pieces(key, values)
    .map((piece) => (typeof piece === 'string' ? piece : written(values[piece.name], piece.isOurs)))
    .join('');
}

/** @param {Sentence} sentence */
export function say({ key, values }) {
  return t(key, values);
}

/**
 * The same for values that are elements, or anything else that is no text: what comes between them is text.
 *
 * @template Part
 * @param {Key} key
 * @param {Record<string, Part>} values
 * @returns {(string | Part)[]}
 */
export function tParts(key, values) {
  return pieces(key, values).map((piece) => (typeof piece === 'string' ? piece : /** @type {Part} */ (values[piece.name])));
}

/**
 * @param {string} key
 * @param {Record<string, unknown>} values
 * @returns {(string | { name: string, isOurs: boolean })[]}
 */
function pieces(key, values) {
  const entry = words[key] ?? /** @type {Catalogue} */ (en)[key];
  if (entry === undefined) return missing(key);
  const text = typeof entry === 'string' ? entry : plural(entry, values['count']);
  /** @type {(string | { name: string, isOurs: boolean })[]} */
  const found = [];
  for (const [index, piece] of text.split(/\{(!?[a-z]+)\}/i).entries()) {
    if (index % 2 === 0) found.push(...(piece === '' ? [] : [piece]));
    else found.push(...valueOf(key, piece, values));
  }
  return found;
}

/** @param {string} key @param {string} piece @param {Record<string, unknown>} values */
function valueOf(key, piece, values) {
  const isOurs = piece.startsWith('!');
  const name = isOurs ? piece.slice(1) : piece;
  return values[name] === undefined ? missing(`${key}: {${name}}`) : [{ name, isOurs }];
}

/** @param {Exclude<Entry, string>} forms @param {unknown} count */
function plural(forms, count) {
  return forms[new Intl.PluralRules(language).select(Number(count))] ?? forms.other;
}

/** @param {Value | undefined} value @param {boolean} isOurs */
function written(value = '', isOurs) {
  if (typeof value === 'number') return new Intl.NumberFormat(language).format(value);
  if (typeof value === 'string') return isOurs ? value : isolate(value);
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(value.map(isolate));
}

/**
 * A key, or a value, that is not there is a fault of ours. A test ends with it; a person sees the key.
 *
 * @param {string} what
 * @returns {string[]}
 */
function missing(what) {
  const error = new Error(`no words for ${what}`);
  if (typeof document === 'undefined') throw error;
  reportError(error);
  return [what];
}
