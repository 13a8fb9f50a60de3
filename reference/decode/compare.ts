/**
 * @file Files of random_pictures.py, decoded by this package in Node, against Pillow's and pillow-heif's pixels:
 * `npx tsx reference/decode/compare.ts FOLDER`. Prints a line for each format and each file that differs by more than
 * its format may; exits with 1 if there is one.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePicture, readSize } from '../../src/image';

interface Row {
  file: string;
  format: string;
  width?: number;
  height?: number;
  refused?: string;
}

/** Grey levels by which decoders of a lossy format may differ; none where nothing is said. */
const TOLERANCE: Record<string, number> = { heic: 10, avif: 4 };
/** The same of AVIF's outermost pixels: a last column of odd number has half of its colour beyond the picture. */
const EDGE_TOLERANCE = 60;

const isEdge = (pixel: number, { width, height }: { width: number; height: number }) => {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return x === 0 || y === 0 || x === width - 1 || y === height - 1;
};

const folder = process.argv[2] ?? '.';
const rows = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as Row[];
const formats = new Map<string, { files: number; equal: number; largest: number; atEdge: number; refusedByBoth: number; bad: number }>();

for (const { file, format, width, height, refused } of rows) {
  const sum = formats.get(format) ?? { files: 0, equal: 0, largest: 0, atEdge: 0, refusedByBoth: 0, bad: 0 };
  formats.set(format, sum);
  sum.files++;
  const report = (problem: string) => {
    sum.bad++;
    console.log(`${file}: ${problem}`);
  };
  const bytes = new Uint8Array(readFileSync(path.join(folder, file)));
  const picture = await decodePicture(bytes).catch((error: unknown) => String(error));
  if (typeof picture === 'string') {
    if (refused === undefined) report(picture);
    else sum.refusedByBoth++;
    continue;
  }
  if (refused !== undefined) {
    report(`decoded, while Pillow says ${refused}`);
    continue;
  }
  const size = await readSize(bytes);
  const { image } = picture;
  if (image.width !== width || image.height !== height || size.width !== width || size.height !== height) {
    report(`${image.width}×${image.height} (${size.width}×${size.height} by its header) instead of ${width}×${height}`);
    continue;
  }
  const expected = readFileSync(path.join(folder, `${file}.rgb`));
  let largest = 0;
  let atEdge = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i]! - image.data[i]!);
    if (format === 'avif' && isEdge(Math.floor(i / 3), image)) atEdge = Math.max(atEdge, difference);
    else largest = Math.max(largest, difference);
  }
  if (atEdge > EDGE_TOLERANCE) report(`differs by up to ${atEdge} grey levels at its edge`);
  if (largest === 0 && atEdge === 0) sum.equal++;
  sum.largest = Math.max(sum.largest, largest);
  sum.atEdge = Math.max(sum.atEdge, atEdge);
  if (largest > (TOLERANCE[format] ?? 0)) report(`differs by up to ${largest} grey levels`);
}

for (const [format, { files, equal, largest, atEdge, refusedByBoth, bad }] of formats) {
  console.log(
    `${format}: ${files} files, ${equal} equal in every pixel, others by up to ${largest} grey levels ` +
      `(${atEdge} at the edge); ` +
      `${refusedByBoth} refused by both; ${bad} wrong`,
  );
}
process.exitCode = [...formats.values()].some(({ bad }) => bad > 0) ? 1 : 0;
