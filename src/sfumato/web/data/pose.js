/**
 * A person's pose as OpenPose has it: eighteen points, in pixels of the picture, some perhaps out of sight; as its JSON, and
 * drawn as the models that follow a pose know it. Cao et al. 2019, https://arxiv.org/abs/1812.08008.
 *
 * @typedef {{x: number, y: number, seen: boolean}} Joint
 * @typedef {{x: number, y: number}[]} Hand twenty-one points: the wrist, then four of each finger
 * @typedef {{left?: Hand, right?: Hand}} Hands
 * @typedef {Joint[] & {hands?: Hands}} Person eighteen joints, in the order of JOINTS; hands go with their wrists
 */

/** Each with where it is in somebody who stands, 0 to 1 of the height, around the middle. */
const STANDING = /** @type {const} */ ([
  [0, 0.1],
  [0, 0.2],
  [-0.09, 0.2],
  [-0.12, 0.36],
  [-0.13, 0.5],
  [0.09, 0.2],
  [0.12, 0.36],
  [0.13, 0.5],
  [-0.06, 0.52],
  [-0.065, 0.72],
  [-0.07, 0.92],
  [0.06, 0.52],
  [0.065, 0.72],
  [0.07, 0.92],
  [-0.02, 0.08],
  [0.02, 0.08],
  [-0.045, 0.095],
  [0.045, 0.095],
]);

/** Pairs of points that a stick joins. */
export const LIMBS = /** @type {[number, number][]} */ ([
  [1, 2],
  [1, 5],
  [2, 3],
  [3, 4],
  [5, 6],
  [6, 7],
  [1, 8],
  [8, 9],
  [9, 10],
  [1, 11],
  [11, 12],
  [12, 13],
  [1, 0],
  [0, 14],
  [14, 16],
  [0, 15],
  [15, 17],
]);

/** Where each hand is held. @type {['left' | 'right', number][]} */
export const WRISTS = [
  ['right', 4],
  ['left', 7],
];

const DIM = 0.6; // how bright a stick is
const STICK = 4; // half its width at 512 pixels

/** OpenPose's colours: once around, from red. @param {number} number @param {number} [bright] */
export function colour(number, bright = 1) {
  const part = (/** @type {number} */ i) => Math.round(85 * (i % 3) * bright);
  const [up, full] = [part(number), Math.round(255 * bright)];
  const down = full - up;
  const parts = [
    [full, up, 0],
    [down, full, 0],
    [0, full, up],
    [0, down, full],
    [up, 0, full],
    [full, 0, down],
  ][Math.floor(number / 3) % 6];
  return `rgb(${parts?.join(', ')})`;
}

/** Somebody who stands. @param {number} width @param {number} height of the picture @param {number} [at] of the width @returns {Person} */
export function standing(width, height, at = 0.5) {
  return STANDING.map(([x, y]) => ({ x: Math.round(width * at + x * height), y: Math.round(y * height), seen: true }));
}

/** OpenPose's JSON. @param {Person[]} people @param {number} width @param {number} height */
export function written(people, width, height) {
  return JSON.stringify({
    version: 1.3,
    canvas_width: width,
    canvas_height: height,
    people: people.map((joints) => ({
      pose_keypoints_2d: joints.flatMap(({ x, y, seen }) => (seen ? [x, y, 1] : [0, 0, 0])),
      ...Object.fromEntries(
        handsOf(joints).map(([side, hand]) => [`hand_${side}_keypoints_2d`, hand.flatMap(({ x, y }) => [x, y, 1])]),
      ),
    })),
  });
}

/** The people of OpenPose's JSON of eighteen points; null where it is none. @param {string} text @param {number} width @param {number} height @returns {Person[] | null} */
export function read(text, width, height) {
  try {
    const said = JSON.parse(text);
    const [across, down] = [width / (said.canvas_width || width), height / (said.canvas_height || height)];
    /** @type {Person[]} */
    const people = said.people.map((/** @type {any} */ one) => {
      const person = laid(joints(one.pose_keypoints_2d, across, down), width, height);
      const hands = WRISTS.map(([side]) => [side, joints(one[`hand_${side}_keypoints_2d`] ?? [], across, down)]);
      return Object.assign(person, { hands: Object.fromEntries(hands.filter(([, hand]) => hand?.length === POINTS)) });
    });
    return people.every((one) => one.length === STANDING.length) ? people : null;
  } catch {
    return null;
  }
}

/** @param {number[]} said x, y and certainty of each @param {number} across @param {number} down @returns {Person} */
function joints(said, across, down) {
  return Array.from({ length: Math.floor(said.length / 3) }, (_, i) => ({
    x: Number(said[3 * i]) * across,
    y: Number(said[3 * i + 1]) * down,
    seen: Number(said[3 * i + 2]) > 0,
  }));
}

const POINTS = 21; // of a hand

/** The hands whose wrists are in sight. @param {Person} person @returns {['left' | 'right', Hand][]} */
export function handsOf(person) {
  return WRISTS.flatMap(([side, wrist]) => {
    const hand = person.hands?.[side];
    return hand && person[wrist]?.seen ? [/** @type {['left' | 'right', Hand]} */ ([side, hand])] : [];
  });
}

const OTHERS = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]; // left for right

/** As in a mirror. @param {Person} person @param {number} width of the picture @returns {Person} */
export function mirrored(person, width) {
  const turned = (/** @type {Hand | undefined} */ hand) => hand?.map(({ x, y }) => ({ x: width - x, y }));
  const joints = OTHERS.flatMap((at) => (person[at] ? [{ ...person[at], x: width - person[at].x }] : []));
  return Object.assign(joints, { hands: { left: turned(person.hands?.right), right: turned(person.hands?.left) } });
}

/** The bones of a hand: pairs of its points, each with its colour. @type {[number, number, string][]} */
export const BONES = Array.from({ length: POINTS - 1 }, (_, i) => [i % 4 ? i : 0, i + 1, `hsl(${i * 18} 100% 50%)`]);

const SHOULDERS = 0.18; // of the height of somebody who stands

/** Points that are nowhere are laid beside those that are seen, where they can be taken hold of. @param {Person} person @param {number} width @param {number} height */
function laid(person, width, height) {
  const [right, left] = [person[2], person[5]];
  const across = right?.seen && left?.seen ? Math.hypot(left.x - right.x, left.y - right.y) : 0;
  const high = across / SHOULDERS || height / 2;
  for (const [a, b] of LIMBS) {
    const [from, to, stood, stands] = [person[a], person[b], STANDING[a], STANDING[b]];
    if (!from || !to || !stood || !stands || to.seen || to.x || to.y) continue;
    to.x = Math.min(width, Math.max(0, from.x + (stands[0] - stood[0]) * high));
    to.y = Math.min(height, Math.max(0, from.y + (stands[1] - stood[1]) * high));
  }
  return person;
}

/** The control picture: sticks and points on black. @param {Person[]} people @param {number} width @param {number} height @returns {Promise<Blob>} */
export function drawn(people, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('this browser has no canvas');
  const half = STICK * Math.max(1, Math.max(width, height) / 512);
  pen.fillStyle = '#000';
  pen.fillRect(0, 0, width, height);
  for (const joints of people) {
    LIMBS.forEach(([a, b], number) => {
      const [one, other] = [joints[a], joints[b]];
      if (!one?.seen || !other?.seen) return;
      pen.fillStyle = colour(number, DIM);
      pen.beginPath();
      const [wide, turn] = [
        Math.hypot(other.x - one.x, other.y - one.y) / 2,
        Math.atan2(other.y - one.y, other.x - one.x),
      ];
      pen.ellipse((one.x + other.x) / 2, (one.y + other.y) / 2, wide, half, turn, 0, 2 * Math.PI);
      pen.fill();
    });
    joints.forEach(({ x, y, seen }, number) => {
      if (!seen) return;
      pen.fillStyle = colour(number);
      pen.beginPath();
      pen.arc(x, y, half, 0, 2 * Math.PI);
      pen.fill();
    });
    for (const [, hand] of handsOf(joints)) drawHand(pen, hand, half / 2);
  }
  return canvas.convertToBlob({ type: 'image/png' });
}

/** @param {OffscreenCanvasRenderingContext2D} pen @param {Hand} hand @param {number} thick */
function drawHand(pen, hand, thick) {
  pen.lineWidth = thick;
  for (const [a, b, colour] of BONES) {
    const [one, other] = [hand[a], hand[b]];
    if (!one || !other) continue;
    pen.strokeStyle = colour;
    pen.beginPath();
    pen.moveTo(one.x, one.y);
    pen.lineTo(other.x, other.y);
    pen.stroke();
  }
  pen.fillStyle = '#00f';
  for (const { x, y } of hand) {
    pen.beginPath();
    pen.arc(x, y, thick, 0, 2 * Math.PI);
    pen.fill();
  }
}
