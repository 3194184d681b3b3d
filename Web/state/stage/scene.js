/**
 * What stands where in the picture of a recording: everybody alike, or shared screens large beside small faces. It does
 * not follow how the person looks at the call: whoever sees it later has no hand in that.
 *
 * @typedef {import('./sight.js').Size} Size
 * @typedef {Size & { x: number, y: number }} Box
 *
 * @typedef {object} Shot
 * @property {string} id  of the tile; `self`, and what `screenOf` makes of it, are one's own
 * @property {string} name
 * @property {boolean} isScreen
 * @property {boolean} hasPicture  rather than initials
 * @property {MediaStream | undefined} stream  nothing of one's own, which the state does not hold
 * @property {Box} box
 *
 * @typedef {import('../peers.js').Sources & { media: { status: import('../peers.js').Status }, connection: { name: string } }} Sources
 */

import { isScreen, screenOf, tileIdsOf, tilesOf } from './tiles.js';

/** The whole picture, in pixels. */
export const frame = { width: 1280, height: 720 };
/** Between two tiles. */
const gap = 8;
/** Of the strip of faces beside a screen. */
const stripWidth = 224;
const aspect = 16 / 9;

/**
 * @param {Sources} sources
 * @returns {Shot[]}
 */
export function sceneOf(sources) {
  const boxes = boxesOf(sources);
  const { media: { status }, connection: { name } } = sources;
  const others = tilesOf(sources).map(({ id, name, status, stream, held, isScreen: shows }) => {
    const hasPicture = shows ? !held.screen : (status.video || status.screen) && !held.camera;
    return { id, name, isScreen: shows || status.screen, hasPicture, stream };
  });
  const own = [
    { id: screenOf('self'), name, isScreen: true, hasPicture: true, stream: undefined },
    { id: 'self', name, isScreen: false, hasPicture: status.video, stream: undefined },
  ];
  return [...others, ...own].flatMap((shot) => {
    const box = boxes.get(shot.id);
    return box ? [{ ...shot, box }] : [];
  });
}

/**
 * @param {Pick<Sources, 'peers' | 'members' | 'media'>} sources
 * @returns {Map<string, Box>}
 */
export function boxesOf(sources) {
  const own = sources.media.status.screen ? [screenOf('self'), 'self'] : ['self'];
  const ids = [...tileIdsOf(sources), ...own];
  const screens = ids.filter(isScreen);
  const faces = ids.filter((id) => !isScreen(id));
  if (screens.length === 0) return placed(faces, { x: 0, y: 0, ...frame });
  const width = frame.width - stripWidth - gap;
  return new Map([
    ...placed(screens, { x: 0, y: 0, width, height: frame.height }),
    ...placed(faces, { x: width + gap, y: 0, width: stripWidth, height: frame.height }),
  ]);
}

/**
 * In rows, as large as they fit, in the middle.
 *
 * @param {string[]} ids
 * @param {Box} area
 * @returns {Map<string, Box>}
 */
function placed(ids, area) {
  const { columns, width, height } = largest(ids.length, area);
  const rows = Math.ceil(ids.length / columns);
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;
  return new Map(
    ids.map((id, index) => {
      const row = Math.floor(index / columns);
      const inRow = row === rows - 1 ? ids.length - row * columns : columns;
      const start = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2;
      return [id, { x: Math.round(start + (index % columns) * (width + gap)), y: Math.round(top + row * (height + gap)), width, height }];
    }),
  );
}

/** @param {number} count @param {Size} area */
function largest(count, area) {
  let best = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const across = (area.width - gap * (columns - 1)) / columns;
    const width = Math.floor(Math.min(across, ((area.height - gap * (rows - 1)) / rows) * aspect));
    if (width > best.width) best = { columns, width, height: Math.floor(width / aspect) };
  }
  return best;
}
