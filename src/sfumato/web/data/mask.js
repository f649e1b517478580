/**
 * A mask at a picture's own resolution: opaque where to paint anew, transparent where nothing changes. Every change can
 * be undone; what it replaced is kept as runs of equal values, for a mask is mostly all or nothing.
 */

const MOST_UNDO = 50;
const COLOURS = ['#ff1f6b', '#00a8ff', '#12c448', '#ffb800']; // to see the mask by
const SAMPLED = 512; // pixels a side, on which the marked share is measured

/** @typedef {{x: number, y: number}} Point in pixels of the picture */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {Box & {runs: Uint32Array}} Patch the alpha values of a box, as pairs of value and count */

/** Says `change` after each. */
export class Mask extends EventTarget {
  /** @type {Patch[]} */
  undos = [];

  /** @type {Patch[]} */
  redos = [];

  /** @type {Box | null} what the stroke that is being drawn has touched */
  touched = null;

  /** @param {number} width @param {number} height pixels of the picture @param {string} [colour] to see it by */
  constructor(width, height, colour = COLOURS[0]) {
    super();
    this.colour = colour ?? '';
    this.canvas = Object.assign(document.createElement('canvas'), { width, height });
    this.before = Object.assign(document.createElement('canvas'), { width, height });
    this.pen = context(this.canvas);
    this.pen.fillStyle = this.colour;
  }

  /** Everything until `end` is one step of undoing. */
  begin() {
    const kept = context(this.before);
    kept.globalCompositeOperation = 'copy';
    kept.drawImage(this.canvas, 0, 0);
    this.touched = null;
  }

  end() {
    const box = this.touched;
    this.touched = null;
    if (!box || box.width < 1 || box.height < 1) return;
    this.undos.push(packed(context(this.before), box));
    this.undos.splice(0, this.undos.length - MOST_UNDO);
    this.redos = [];
    this.dispatchEvent(new Event('change'));
  }

  /**
   * A stroke of a round brush.
   *
   * @param {Point} from
   * @param {Point} to
   * @param {{size: number, soft: boolean, erase: boolean}} brush size: across, in pixels of the picture
   */
  stroke(from, to, brush) {
    const radius = brush.size / 2;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const stamps = Math.max(1, Math.ceil(length / Math.max(1, radius / 4)));
    this.pen.globalCompositeOperation = brush.erase ? 'destination-out' : 'source-over';
    for (let i = 1; i <= stamps; i++) {
      const [x, y] = [from.x + ((to.x - from.x) * i) / stamps, from.y + ((to.y - from.y) * i) / stamps];
      this.pen.fillStyle = brush.soft ? this.soft(x, y, radius) : this.colour;
      this.pen.beginPath();
      this.pen.arc(x, y, radius, 0, 2 * Math.PI);
      this.pen.fill();
    }
    this.pen.fillStyle = this.colour;
    this.touch(
      Math.min(from.x, to.x) - radius,
      Math.min(from.y, to.y) - radius,
      Math.max(from.x, to.x) + radius,
      Math.max(from.y, to.y) + radius,
    );
  }

  /** @param {number} x @param {number} y @param {number} radius */
  soft(x, y, radius) {
    const shade = this.pen.createRadialGradient(x, y, radius * 0.3, x, y, radius);
    shade.addColorStop(0, this.colour);
    shade.addColorStop(1, `${this.colour}00`);
    return shade;
  }

  /** Fills what a line encloses. @param {Point[]} points @param {boolean} erase */
  fill(points, erase) {
    if (points.length < 3) return;
    this.pen.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
    this.pen.beginPath();
    for (const { x, y } of points) this.pen.lineTo(x, y);
    this.pen.fill();
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    this.touch(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  }

  invert() {
    this.begin();
    this.pen.globalCompositeOperation = 'xor';
    this.all();
    this.end();
  }

  clear() {
    this.begin();
    this.pen.globalCompositeOperation = 'destination-out';
    this.all();
    this.end();
  }

  all() {
    const { width, height } = this.canvas;
    this.pen.fillRect(0, 0, width, height);
    this.touch(0, 0, width, height);
  }

  /** @param {number} left @param {number} top @param {number} right @param {number} bottom */
  touch(left, top, right, bottom) {
    const old = this.touched ?? { x: Infinity, y: Infinity, width: -Infinity, height: -Infinity };
    const x = Math.max(0, Math.min(old.x, Math.floor(left) - 1));
    const y = Math.max(0, Math.min(old.y, Math.floor(top) - 1));
    const [ox, oy] = this.touched ? [old.x + old.width, old.y + old.height] : [0, 0];
    const [x1, y1] = [
      Math.min(this.canvas.width, Math.max(ox, Math.ceil(right) + 1)),
      Math.min(this.canvas.height, Math.max(oy, Math.ceil(bottom) + 1)),
    ];
    this.touched = { x, y, width: x1 - x, height: y1 - y };
  }

  undo() {
    this.swap(this.undos, this.redos);
  }

  redo() {
    this.swap(this.redos, this.undos);
  }

  /** @param {Patch[]} from @param {Patch[]} to */
  swap(from, to) {
    const patch = from.pop();
    if (!patch) return;
    to.push(packed(this.pen, patch));
    unpack(this.pen, patch, this.colour);
    this.dispatchEvent(new Event('change'));
  }

  /** How much of the picture is marked, 0 to 1, to about a thousandth. */
  area() {
    const small = new OffscreenCanvas(SAMPLED, SAMPLED);
    const pen = context(small);
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(this.canvas, 0, 0, SAMPLED, SAMPLED);
    const { data } = pen.getImageData(0, 0, SAMPLED, SAMPLED);
    let sum = 0;
    for (let i = 3; i < data.length; i += 4) sum += data[i] ?? 0;
    return sum / 255 / (SAMPLED * SAMPLED);
  }

  /** Whether not one pixel is marked. */
  get isEmpty() {
    const { width, height } = this.canvas;
    const { runs } = packed(this.pen, { x: 0, y: 0, width, height });
    return runs.length === 2 && runs[0] === 0;
  }

  /** A PNG of the picture's size, white where to paint and black elsewhere. @returns {Promise<Blob>} */
  png() {
    const { width, height } = this.canvas;
    const out = new OffscreenCanvas(width, height);
    const pen = context(out);
    pen.drawImage(this.canvas, 0, 0);
    for (const [how, colour] of /** @type {const} */ ([
      ['source-in', '#fff'],
      ['destination-over', '#000'],
    ])) {
      pen.globalCompositeOperation = how;
      pen.fillStyle = colour;
      pen.fillRect(0, 0, width, height);
    }
    return out.convertToBlob({ type: 'image/png' });
  }

  /** The picture without what is marked, which becomes transparent; as PNG. @param {CanvasImageSource} picture @returns {Promise<Blob>} */
  cut(picture) {
    const { width, height } = this.canvas;
    const out = new OffscreenCanvas(width, height);
    const pen = context(out);
    pen.drawImage(picture, 0, 0, width, height);
    pen.globalCompositeOperation = 'destination-out';
    pen.drawImage(this.canvas, 0, 0);
    return out.convertToBlob({ type: 'image/png' });
  }
}

/**
 * @template {HTMLCanvasElement | OffscreenCanvas} C
 * @param {C} canvas
 * @returns {C extends OffscreenCanvas ? OffscreenCanvasRenderingContext2D : CanvasRenderingContext2D}
 */
function context(canvas) {
  const pen = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('this browser has no canvas');
  return /** @type {any} */ (pen);
}

/** @param {CanvasRenderingContext2D} pen @param {Box} box @returns {Patch} */
export function packed(pen, { x, y, width, height }) {
  const words = new Uint32Array(pen.getImageData(x, y, width, height).data.buffer);
  /** @type {number[]} */
  const runs = [];
  let [value, count] = [(words[0] ?? 0) >>> 24, 0]; // alpha is a word's highest byte
  for (const word of words) {
    if (word >>> 24 === value) count += 1;
    else {
      runs.push(value, count);
      [value, count] = [word >>> 24, 1];
    }
  }
  runs.push(value, count);
  return { x, y, width, height, runs: Uint32Array.from(runs) };
}

/** @param {CanvasRenderingContext2D} pen @param {Patch} patch @param {string} hex */
function unpack(pen, { x, y, width, height, runs }, hex) {
  const image = pen.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  const [red = 0, green = 0, blue = 0] = channels(hex);
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const end = at + (runs[i + 1] ?? 0);
    words.fill((((runs[i] ?? 0) << 24) | (blue << 16) | (green << 8) | red) >>> 0, at, end);
    at = end;
  }
  pen.putImageData(image, x, y);
}

/** @param {string} hex as `#rrggbb` */
const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** The colour that is seen best on a picture. @param {CanvasImageSource} picture */
export function farFrom(picture) {
  const pen = context(new OffscreenCanvas(8, 8));
  pen.drawImage(picture, 0, 0, 8, 8);
  const { data } = pen.getImageData(0, 0, 8, 8);
  const pixels = Array.from({ length: 64 }, (_, i) => [...data.slice(i * 4, i * 4 + 3)]);
  const nearest = (/** @type {string} */ hex) =>
    Math.min(...pixels.map((pixel) => Math.hypot(...channels(hex).map((c, i) => c - (pixel[i] ?? 0)))));
  return COLOURS.reduce((best, hex) => (nearest(hex) > nearest(best) ? hex : best));
}
