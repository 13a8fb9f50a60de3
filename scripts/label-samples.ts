/**
 * @file Measures which of `public/samples` the built-in model ranks right and writes it to `samples.json`. Run this
 * whenever `nano` or a sample changes: `npx tsx scripts/label-samples.ts`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { measureSamples, readSamples, SAMPLES_FILE } from './samples.ts';

const measured = await measureSamples(readSamples());
let text = readFileSync(SAMPLES_FILE, 'utf8');
for (const { sample, ranked, label } of measured) {
  // The file keeps its layout: only the label after this sample's name changes.
  const start = text.indexOf(`"file": "${sample.file}"`);
  text = text.slice(0, start) + text.slice(start).replace(/"ranked": "\w+"/, `"ranked": "${label}"`);
  const shown = ranked.map(({ caption, score }) => `${caption} ${score.toFixed(3)}`).join(', ');
  console.log(`${label.padEnd(5)} ${sample.file.padEnd(16)} ${shown}`);
}
writeFileSync(SAMPLES_FILE, text);
console.log(`${measured.filter(({ label }) => label === 'right').length} of ${measured.length} right`);
