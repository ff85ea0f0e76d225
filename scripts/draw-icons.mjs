/** Draws assets/icons from assets/drawings. The pictures are committed: run this after changing a drawing (`npm run icons`). */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { root } from './paths.mjs';

const drawings = join(root, 'assets', 'drawings');
const icons = join(root, 'assets', 'icons');

/** What Windows asks for at 100, 125, 150 and 200 %, and what Linux trays are usually given, at 100 and 200 %. */
const traySizes = [16, 20, 22, 24, 32, 48];
const productSizes = [16, 20, 24, 32, 48, 64, 128, 256, 512];
/** From here upwards the ring can be made out. */
const detailedFrom = 32;

/**
 * @param {string} drawing
 * @param {number} size
 */
function draw(drawing, size) {
  const svg = readFileSync(join(drawings, drawing), 'utf8');
  return new Resvg(svg, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } }).render().asPng();
}

/**
 * An icon file is a list of pictures; since Windows Vista they may be PNG.
 * https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10)
 * @param {{ size: number, png: Buffer }[]} pictures
 */
function iconFile(pictures) {
  const headerBytes = 6;
  const entryBytes = 16;
  const directory = Buffer.alloc(headerBytes + entryBytes * pictures.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(pictures.length, 4);
  let offset = directory.length;
  for (const [index, { size, png }] of pictures.entries()) {
    const at = headerBytes + entryBytes * index;
    // One byte each for width and height, in which 256 is written as 0.
    directory.writeUInt8(size % 256, at);
    directory.writeUInt8(size % 256, at + 1);
    directory.writeUInt16LE(1, at + 4);
    directory.writeUInt16LE(32, at + 6);
    directory.writeUInt32LE(png.length, at + 8);
    directory.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([directory, ...pictures.map(({ png }) => png)]);
}

/**
 * @param {string} name
 * @param {number[]} sizes
 * @param {(size: number) => string} drawingFor
 */
function drawIcon(name, sizes, drawingFor) {
  const pictures = sizes.map((size) => ({ size, png: draw(drawingFor(size), size) }));
  for (const { size, png } of pictures) writeFileSync(join(icons, `${name}-${size}.png`), png);
  writeFileSync(join(icons, `${name}.ico`), iconFile(pictures.filter(({ size }) => size <= 256)));
}

mkdirSync(icons, { recursive: true });
drawIcon('product', productSizes, (size) => (size < detailedFrom ? 'product-small.svg' : 'product.svg'));
for (const drawing of readdirSync(drawings).filter((file) => file.startsWith('tray-'))) {
  drawIcon(basename(drawing, '.svg'), traySizes, () => drawing);
}
