/**
 * Where the tiles stand: arithmetic alone.
 *
 * @typedef {{ width: number, height: number }} Size  in pixels
 *
 * @typedef {{ kind: 'even', tile: Size }
 *   | { kind: 'pair', main: Size, corner: Size }
 *   | { kind: 'large', isWide: boolean, main: Size, small: Size }} Layout
 *   all alike; one, and oneself in the corner; one large beside a strip of the others
 */

/** No more of a picture is cut off than this part of its width or height; bars take the rest. */
export const cropLimit = 0.15;
/** What pictures are expected to look like, width by height: what cameras are asked for. */
const usual = 16 / 9;
/**
 * How upright tiles become where the whole is higher than wide, as on a phone: what shows pictures of phones and of
 * computers alike, and faces that have no picture.
 */
const upright = 1;

/**
 * @param {object} space
 * @param {Layout['kind']} space.kind
 * @param {number} space.count  of tiles
 * @param {Size} space.size  of the whole
 * @param {number} space.gap  between two tiles
 * @returns {Layout}
 */
export function layOut({ kind, count, size, gap }) {
  if (kind === 'large') return layOutLarge(size, gap);
  if (kind === 'pair') return layOutPair(size);
  const { tileWidth, tileHeight } = fitTiles({ count, ...size, gap });
  return { kind: 'even', tile: { width: tileWidth, height: tileHeight } };
}

/** @param {Size} size @returns {Layout} */
function layOutPair(size) {
  const width = Math.round(clamp(size.width * 0.24, 104, 240));
  return { kind: 'pair', main: size, corner: { width, height: Math.round(width / usual) } };
}

/** @param {Size} size @param {number} gap @returns {Layout} */
function layOutLarge({ width, height }, gap) {
  const isWide = width > height;
  if (isWide) {
    const small = Math.round(clamp(width * 0.18, 112, 220));
    return { kind: 'large', isWide, main: { width: Math.max(width - gap - small, 0), height }, small: { width: small, height: Math.round(small / usual) } };
  }
  const small = Math.round(clamp(height * 0.16, 72, 124));
  return { kind: 'large', isWide, main: { width, height: Math.max(height - gap - small, 0) }, small: { width: Math.round(small * usual), height: small } };
}

/**
 * The number of columns that makes tiles as large as they can be.
 *
 * @param {object} space
 * @param {number} space.count  of tiles
 * @param {number} space.width  of the whole, in pixels
 * @param {number} space.height
 * @param {number} space.gap  between two tiles
 * @returns {{ columns: number, rows: number, tileWidth: number, tileHeight: number }}
 */
export function fitTiles({ count, width, height, gap }) {
  const stretch = 1 / (1 - cropLimit);
  const isUpright = height > width;
  // What decides between columns.
  const aspect = isUpright ? upright : usual;
  const [widest, narrowest] = [usual * stretch, isUpright ? upright : usual / stretch];
  let best = { columns: 1, rows: Math.max(count, 1), tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;
    const tileWidth = Math.min(cellWidth, cellHeight * widest);
    const tileHeight = Math.min(cellHeight, cellWidth / narrowest);
    if (tileWidth > 0 && tileHeight > 0 && shown(tileWidth, tileHeight, aspect) > shown(best.tileWidth, best.tileHeight, aspect)) {
      best = { columns, rows, tileWidth: Math.floor(tileWidth), tileHeight: Math.floor(tileHeight) };
    }
  }
  return best;
}

/**
 * How large a picture is shown in a tile: it fills the tile as far as no more than `crop` of it is cut off.
 *
 * @param {Size} tile
 * @param {Size} picture
 * @param {number} [crop]
 * @returns {Size} of what is seen
 */
export function pictureBox(tile, picture, crop = cropLimit) {
  const across = tile.width / picture.width;
  const down = tile.height / picture.height;
  const scale = Math.min(Math.max(across, down), Math.min(across, down) / (1 - crop));
  return { width: Math.min(tile.width, picture.width * scale), height: Math.min(tile.height, picture.height * scale) };
}

/**
 * The area of the largest picture of that aspect inside.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} aspect
 */
function shown(width, height, aspect) {
  const fitted = Math.min(width, height * aspect);
  return (fitted * fitted) / aspect;
}

/** @param {number} value @param {number} least @param {number} most */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
