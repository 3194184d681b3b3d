/** A plot of the last two minutes, drawn as lines. */

import { t } from '../../i18n/t.js';
import { span } from '../../state/quality/quality.js';
import { h } from '../dom.js';
import { plotWords } from './words.js';

/**
 * @typedef {import('../../state/quality/quality.js').Sample} Sample
 * @typedef {import('./words.js').PlotKind} PlotKind
 */

const namespace = 'http://www.w3.org/2000/svg';
const size = { width: 240, height: 56 };
/** Samples that are farther apart, in milliseconds, are not joined: nothing is known of what lies between. */
const longestGap = 12_000;

/** @param {PlotKind} kind */
export function createPlot(kind) {
  const svg = make('svg', { viewBox: `0 0 ${size.width} ${size.height}`, preserveAspectRatio: 'none', role: 'img' });
  const paths = kind.lines.map((_, index) => make('path', { class: `line line-${index + 1}` }));
  svg.append(...paths);
  const top = h('span', { class: 'plot-top' });
  const legend = kind.lines.map(({ name }, index) => name !== undefined && h('span', { class: `key key-${index + 1}` }, t(`stats.${name}`)));
  const element = h('figure', { class: 'plot', 'data-plot': kind.name }, h('figcaption', {}, h('b', {}, t(`stats.${kind.name}`)), ...legend, top));
  element.append(svg);
  return { element, show };

  /** @param {readonly Sample[]} samples */
  function show(samples) {
    const values = kind.lines.flatMap(({ of }) => samples.flatMap((sample) => of(sample) ?? []));
    const most = roundUp(Math.max(kind.least, ...values));
    const to = samples.at(-1)?.time ?? 0;
    for (const [index, { of }] of kind.lines.entries()) paths[index]?.setAttribute('d', pathOf(samples, of, { to, most }));
    top.textContent = kind.write(most);
    svg.setAttribute('aria-label', plotWords(kind, samples));
  }
}

/**
 * The line through samples: broken where nothing is known.
 *
 * @param {readonly Sample[]} samples
 * @param {(sample: Sample) => number | undefined} of
 * @param {{ to: number, most: number }} ends  the time at the right, the value at the top
 */
export function pathOf(samples, of, { to, most }) {
  let path = '';
  let last = -Infinity;
  for (const sample of samples) {
    const value = of(sample);
    if (value === undefined) continue;
    const x = size.width * (1 - (to - sample.time) / span);
    const y = size.height * (1 - Math.min(1, value / most));
    path += `${sample.time - last > longestGap ? 'M' : 'L'}${round(x)} ${round(y)}`;
    last = sample.time;
  }
  return path;
}

/**
 * The next of 1, 2, 5, 10, 20...
 *
 * @param {number} value  more than 0
 */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  // A hair more than a step, as computed, is that step.
  const step = [1, 2, 5, 10].find((step) => step * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** @param {number} value */
function round(value) {
  return Math.round(10 * value) / 10;
}

/** @param {string} tag @param {Record<string, string>} attributes */
function make(tag, attributes) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
