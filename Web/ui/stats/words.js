/** The figures of a connection in words: for the table, for the plots and for a report of a fault. */

import { isolate } from '../../i18n/isolate.js';
import { currentLanguage, direction, t } from '../../i18n/t.js';

/**
 * @typedef {import('../../state/quality/quality.js').PeerQuality} PeerQuality
 * @typedef {import('../../state/quality/quality.js').Sample} Sample
 * @typedef {import('../../call/quality/figures.js').Figures} Figures
 * @typedef {import('../../call/quality/figures.js').StreamFigures} StreamFigures
 *
 * @typedef {object} PlotKind
 * @property {'bitrate' | 'round-trip' | 'loss'} name
 * @property {{ name: 'in' | 'out' | undefined, of: (sample: Sample) => number | undefined }[]} lines
 * @property {(value: number) => string} write
 * @property {number} least  the lowest upper end: a small figure is not to look large
 */

const unknown = '–';

/** @type {readonly PlotKind[]} */
export const plots = [
  { name: 'bitrate', lines: [{ name: 'in', of: ({ bitrateIn }) => bitrateIn }, { name: 'out', of: ({ bitrateOut }) => bitrateOut }], write: bitrate, least: 100_000 },
  { name: 'round-trip', lines: [{ name: undefined, of: ({ roundTrip }) => roundTrip }], write: milliseconds, least: 50 },
  { name: 'loss', lines: [{ name: 'in', of: ({ lossIn }) => lossIn }, { name: 'out', of: ({ lossOut }) => lossOut }], write: share, least: 0.05 },
];

/**
 * @param {Figures} figures
 * @returns {{ label: string, value: string }[]}
 */
export function rowsOf({ route, roundTrip, lossIn, lossOut, soundIn, soundOut, pictureIn, pictureOut }) {
  return [
    { label: t('stats.route'), value: route === undefined ? unknown : routeWords(route) },
    { label: t('stats.round-trip'), value: known(roundTrip, milliseconds) },
    { label: t('stats.loss'), value: t('stats.both-ways', { received: known(lossIn, share), sent: known(lossOut, share) }) },
    { label: t('stats.sound-in'), value: streamWords(soundIn) },
    { label: t('stats.sound-out'), value: streamWords(soundOut) },
    { label: t('stats.picture-in'), value: streamWords(pictureIn) },
    { label: t('stats.picture-out'), value: streamWords(pictureOut) },
  ];
}

/**
 * What a plot shows, for who does not see it.
 *
 * @param {PlotKind} kind
 * @param {readonly Sample[]} samples
 */
export function plotWords({ name, lines, write }, samples) {
  const parts = lines.map((line) => {
    const values = samples.flatMap((sample) => line.of(sample) ?? []);
    const label = line.name === undefined ? t(`stats.${name}`) : t('stats.line', { plot: t(`stats.${name}`), line: t(`stats.${line.name}`) });
    if (values.length === 0) return t('stats.no-line', { label });
    const now = known(line.of(/** @type {Sample} */ (samples.at(-1))), write);
    return t('stats.summary', { label, now, least: write(Math.min(...values)), most: write(Math.max(...values)) });
  });
  return parts.join('; ');
}

/**
 * A report for whoever looks for the fault: without names and addresses, which it does not need.
 *
 * @param {readonly PeerQuality[]} peers
 * @param {{ time: Date, browser: string }} about
 */
export function reportOf(peers, { time, browser }) {
  const parts = peers.map(({ figures, samples }, index) => [
    t('stats.person', { count: index + 1 }),
    ...rowsOf(figures).map(({ label, value }) => `  ${label}: ${value}`),
    ...plots.map((kind) => `  ${plotWords(kind, samples)}`),
  ]);
  return [`${t('app.name')}, ${time.toISOString()}`, browser, ...parts.flatMap((lines) => ['', ...lines])].join('\n');
}

/** @param {number} value  in bits a second */
export function bitrate(value) {
  const isLarge = value >= 1_000_000;
  return unit(isLarge ? value / 1_000_000 : value / 1000, isLarge ? 'megabit-per-second' : 'kilobit-per-second', isLarge ? 1 : 0);
}

/** @param {number} value */
export function milliseconds(value) {
  return unit(value, 'millisecond', 0);
}

/** @param {number} value  0 to 1 */
export function share(value) {
  return new Intl.NumberFormat(currentLanguage(), { style: 'percent', maximumFractionDigits: 1 }).format(value);
}

/** @param {number} value @param {string} name @param {number} digits */
function unit(value, name, digits) {
  return new Intl.NumberFormat(currentLanguage(), { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(value).replaceAll(' ', '\u00a0');
}

/** @param {number | undefined} value @param {(value: number) => string} write */
function known(value, write) {
  return value === undefined ? unknown : write(value);
}

/** @param {import('../../call/route.js').Route} route */
function routeWords(route) {
  return route === 'direct' ? t('route.direct') : t('route.relay', { transport: route.slice('relay-'.length).toUpperCase() });
}

/** @param {StreamFigures} stream */
function streamWords({ bitrate: rate, jitter, codec, width, height, framesPerSecond, limitation }) {
  const words = [
    rate !== undefined && bitrate(rate),
    codec,
    width !== undefined && height !== undefined && `${width}×${height}`,
    framesPerSecond !== undefined && t('stats.frames', { count: framesPerSecond }),
    jitter !== undefined && t('stats.jitter', { time: milliseconds(jitter) }),
    limitation !== undefined && limits.has(limitation) && t(`stats.limited-${/** @type {'cpu' | 'bandwidth' | 'other'} */ (limitation)}`),
  ];
  const known = words.flatMap((word) => (typeof word === 'string' ? [word] : []));
  // Numbers and names of codecs would turn each other's order where the language is read from the right.
  return known.map(direction() === 'rtl' ? isolate : String).join(' · ') || unknown;
}

const limits = new Set(['cpu', 'bandwidth', 'other']);
