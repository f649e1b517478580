/** Pictures with labels as one image, drawn in the browser. */

const SIDE = 256; // pixels of a cell
const GAP = 12;
const EDGE = 120; // room for the labels of rows
const HEAD = 76; // room for the title and the labels of columns
const NEXT = 48; // room for the label of a further sheet, and those of its columns
const MOST = 16384; // pixels a side of an image that browsers draw

/**
 * @param {string[]} files addresses, sheet by sheet, row by row
 * @param {string[]} columns labels
 * @param {string[]} rows labels
 * @param {string[]} sheets labels; one empty one where there is but one
 * @param {string} title
 * @returns {Promise<Blob>} a PNG
 */
export async function drawn(files, columns, rows, sheets, title) {
  const [pitch, labelled] = [SIDE + GAP, sheets.some(Boolean) ? NEXT : 0];
  const tall = rows.length * pitch + labelled;
  const [width, height] = [EDGE + columns.length * pitch, HEAD + sheets.length * tall];
  const scale = Math.min(1, MOST / width, MOST / height);
  const canvas = new OffscreenCanvas(Math.floor(width * scale), Math.floor(height * scale));
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('this browser has no canvas');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.scale(scale, scale);
  pen.fillStyle = '#222222';
  pen.textBaseline = 'middle';
  write(pen, title, GAP, 24, width - 2 * GAP, 'left', '600 18px');
  columns.forEach((label, c) => write(pen, label, EDGE + c * pitch + SIDE / 2, HEAD - 16, SIDE, 'center'));
  sheets.forEach((sheet, s) => {
    const top = HEAD + s * tall + labelled;
    write(pen, sheet, GAP, top - NEXT / 2, width - 2 * GAP, 'left', '600 15px');
    rows.forEach((label, r) => write(pen, label, EDGE - GAP, top + r * pitch + SIDE / 2, EDGE - 2 * GAP, 'right'));
  });
  await Promise.all(
    files.map((file, i) => {
      const row = Math.floor(i / columns.length);
      const top = HEAD + Math.floor(row / rows.length) * tall + labelled + (row % rows.length) * pitch;
      return put(pen, file, EDGE + (i % columns.length) * pitch, top);
    }),
  );
  return canvas.convertToBlob({ type: 'image/png' });
}

/**
 * @param {OffscreenCanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} most pixels; longer ones are cut
 * @param {CanvasTextAlign} align
 * @param {string} [weight]
 */
function write(pen, text, x, y, most, align, weight = '14px') {
  pen.font = `${weight} system-ui, sans-serif`;
  pen.textAlign = align;
  let said = text;
  while (said && pen.measureText(said).width > most) said = `${said.slice(0, -2)}…`;
  pen.fillText(said, x, y);
}

/** @param {OffscreenCanvasRenderingContext2D} pen @param {string} file @param {number} left @param {number} top */
async function put(pen, file, left, top) {
  const image = await createImageBitmap(await (await fetch(file)).blob());
  const scale = Math.min(SIDE / image.width, SIDE / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  pen.drawImage(image, left + (SIDE - width) / 2, top + (SIDE - height) / 2, width, height);
  image.close();
}
