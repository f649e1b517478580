/** Pictures with labels as one image, drawn in the browser. */

const SIDE = 256; // pixels of a cell
const GAP = 12;
const EDGE = 120; // room for the labels of rows
const HEAD = 76; // room for the title and the labels of columns

/**
 * @param {string[]} files addresses, row by row
 * @param {string[]} columns labels
 * @param {string[]} rows labels
 * @param {string} title
 * @returns {Promise<Blob>} a PNG
 */
export async function drawn(files, columns, rows, title) {
  const pitch = SIDE + GAP;
  const canvas = new OffscreenCanvas(EDGE + columns.length * pitch, HEAD + rows.length * pitch);
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('this browser has no canvas');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = '#222222';
  pen.textBaseline = 'middle';
  pen.font = '600 18px system-ui, sans-serif';
  pen.fillText(title, GAP, 24, canvas.width - 2 * GAP);
  pen.font = '14px system-ui, sans-serif';
  pen.textAlign = 'center';
  columns.forEach((label, c) => pen.fillText(label, EDGE + c * pitch + SIDE / 2, HEAD - 16, SIDE));
  pen.textAlign = 'right';
  rows.forEach((label, r) => pen.fillText(label, EDGE - GAP, HEAD + r * pitch + SIDE / 2, EDGE - 2 * GAP));
  await Promise.all(
    files.map((file, i) =>
      put(pen, file, EDGE + (i % columns.length) * pitch, HEAD + Math.floor(i / columns.length) * pitch),
    ),
  );
  return canvas.convertToBlob({ type: 'image/png' });
}

/** @param {OffscreenCanvasRenderingContext2D} pen @param {string} file @param {number} left @param {number} top */
async function put(pen, file, left, top) {
  const image = await createImageBitmap(await (await fetch(file)).blob());
  const scale = Math.min(SIDE / image.width, SIDE / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  pen.drawImage(image, left + (SIDE - width) / 2, top + (SIDE - height) / 2, width, height);
}
