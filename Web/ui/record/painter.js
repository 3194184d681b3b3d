/** Draws what is recorded: the tiles of a scene, as they are at the moment. */

import { frame } from '../../state/stage/scene.js';
import { createAvatar } from '../controls/controls.js';
import { h } from '../dom.js';
import { cropLimit, pictureBox } from '../stage/grid.js';

/**
 * @typedef {import('../../state/stage/scene.js').Box} Box
 * @typedef {import('../../state/stage/scene.js').Shot & { label: string }} Shot
 * @typedef {{ letters: string, colour: string, label: string, labelSize: number }} Look  what is written on a tile
 */

/** So often the canvas is looked at for something new. */
export const framesPerSecond = 25;
const colours = { ground: '#101413', tile: '#20272a', label: 'rgb(14 18 17 / 62%)', text: '#ffffff' };
const radius = 10;
/** Of a letter, by the height of its tile. */
const letter = { share: 0.07, least: 12, most: 20 };
/** Beside a label, and in it, by the size of its letters. */
const [margin, padding] = [0.5, 0.6];

export class Painter {
  #canvas = h('canvas', { width: frame.width, height: frame.height });
  #context = contextOf(this.#canvas);
  #stream = this.#canvas.captureStream(framesPerSecond);
  /** @type {Shot[]} */
  #shots = [];
  /** @type {Map<string, HTMLVideoElement>} */
  #pictures = new Map();
  /** @type {Map<string, Look>} */
  #looks = new Map();
  #probe;

  /** @param {HTMLElement} probe  where an avatar can stand unseen, to know its colours */
  constructor(probe) {
    this.#probe = probe;
    this.draw();
  }

  /** @returns {MediaStreamTrack} */
  get track() {
    const [track] = this.#stream.getVideoTracks();
    if (!track) throw new Error('no picture');
    return track;
  }

  /** @param {Shot[]} shots @param {import('../../state/colours.js').Colours} known  what is drawn from now on */
  show(shots, known) {
    this.#shots = shots;
    this.#looks = new Map(shots.map((shot) => [shot.id, this.#lookOf(shot, known)]));
    for (const [id, picture] of this.#pictures) if (!this.#looks.has(id)) this.#drop(id, picture);
    for (const { id, stream } of shots) if (stream) this.#play(id, stream);
  }

  draw() {
    const context = this.#context;
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, frame.width, frame.height);
    for (const shot of this.#shots) this.#drawShot(context, shot);
  }

  close() {
    for (const [id, picture] of this.#pictures) this.#drop(id, picture);
    this.track.stop();
  }

  /** @param {string} id @param {MediaStream} stream */
  #play(id, stream) {
    const picture = this.#pictures.get(id) ?? h('video', { autoplay: true, playsinline: true });
    this.#pictures.set(id, picture);
    // The call itself is heard already.
    picture.muted = true;
    if (picture.srcObject !== stream) picture.srcObject = stream;
    if (picture.paused) picture.play().catch(() => undefined);
  }

  /** @param {string} id @param {HTMLVideoElement} picture */
  #drop(id, picture) {
    picture.srcObject = null;
    this.#pictures.delete(id);
  }

  /** @param {Shot} shot @param {import('../../state/colours.js').Colours} known @returns {Look} */
  #lookOf({ name, label, box }, known) {
    const avatar = createAvatar();
    avatar.show(name, known);
    this.#probe.replaceChildren(avatar.element);
    const labelSize = Math.min(Math.max(box.height * letter.share, letter.least), letter.most);
    this.#context.font = fontOf(labelSize);
    return {
      letters: avatar.element.textContent ?? '',
      colour: getComputedStyle(avatar.element).backgroundColor,
      label: fitted(this.#context, label, box.width - labelSize * 2 * (margin + padding)),
      labelSize,
    };
  }

  /** @param {CanvasRenderingContext2D} context @param {Shot} shot */
  #drawShot(context, shot) {
    const { id, box, isScreen, hasPicture } = shot;
    const picture = this.#pictures.get(id);
    const look = this.#looks.get(id);
    context.save();
    context.beginPath();
    outline(context, box, radius);
    context.clip();
    context.fillStyle = isScreen ? '#000000' : colours.tile;
    context.fillRect(box.x, box.y, box.width, box.height);
    if (hasPicture && picture && picture.videoWidth > 0) drawPicture(context, picture, box, isScreen ? 0 : cropLimit);
    else if (!isScreen && look) drawInitials(context, look, box);
    if (look) drawLabel(context, look, box);
    context.restore();
  }
}

/** @param {CanvasRenderingContext2D} context @param {HTMLVideoElement} picture @param {Box} box @param {number} crop */
function drawPicture(context, picture, box, crop) {
  const { videoWidth: width, videoHeight: height } = picture;
  const seen = pictureBox(box, { width, height }, crop);
  const scale = Math.max(seen.width / width, seen.height / height);
  const [across, down] = [seen.width / scale, seen.height / scale];
  context.drawImage(
    picture,
    (width - across) / 2, (height - down) / 2, across, down,
    box.x + (box.width - seen.width) / 2, box.y + (box.height - seen.height) / 2, seen.width, seen.height,
  );
}

/** @param {CanvasRenderingContext2D} context @param {Look} look @param {Box} box */
function drawInitials(context, { letters, colour }, box) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const size = Math.min(box.width, box.height) * 0.4;
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, size / 2, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = colours.text;
  context.font = fontOf(size * 0.38);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(letters, x, y);
}

/** @param {CanvasRenderingContext2D} context @param {Look} look @param {Box} box */
function drawLabel(context, { label, labelSize: size }, box) {
  const height = size * 1.7;
  context.font = fontOf(size);
  const width = context.measureText(label).width + 2 * size * padding;
  const isRightToLeft = document.documentElement.dir === 'rtl';
  const x = isRightToLeft ? box.x + box.width - size * margin - width : box.x + size * margin;
  const y = box.y + box.height - size * margin - height;
  context.fillStyle = colours.label;
  context.beginPath();
  outline(context, { x, y, width, height }, height / 2);
  context.fill();
  context.fillStyle = colours.text;
  context.direction = isRightToLeft ? 'rtl' : 'ltr';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(label, x + width / 2, y + height / 2);
}

/**
 * Older browsers have no round corners.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {number} round
 */
function outline(context, { x, y, width, height }, round) {
  // The type checker's library is older still.
  const { roundRect = context.rect } = /** @type {{ roundRect?: (x: number, y: number, width: number, height: number, round: number) => void }} */ (context);
  roundRect.call(context, x, y, width, height, round);
}

/**
 * As much of a text as there is room for.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 */
function fitted(context, text, width) {
  const letters = [...text];
  let count = letters.length;
  const short = () => (count === letters.length ? text : `${letters.slice(0, count).join('')}…`);
  while (count > 1 && context.measureText(short()).width > width) count -= 1;
  return short();
}

/** @param {number} size  in pixels */
function fontOf(size) {
  return `600 ${Math.round(size)}px Inter, system-ui, sans-serif`;
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('no canvas');
  return context;
}
