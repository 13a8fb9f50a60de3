/**
 * @file `vlm2vec search` over a large index: synthetic vectors, written by the index's own writer; each search in a
 * separate process, first without the index's files in the system's cache, then with them in it. Then the same index as
 * a page searches it on a host: the coarse halves of all vectors and the fine halves of a few, from a server on this
 * machine. Needs the built package (`npm run build:package`); searches are by pictures of the index, and so without a
 * model.
 *
 *   npx tsx bench/photo-search.ts [--rows 50000] [--dims 1536] [--rounds 5] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { serveFolder } from '../scripts/serve-folder';
import { Library, type Addition } from '../src/search/library/library';
import { FolderStorage } from '../src/search/node/folder-storage.node.js';
import { openStaticIndex } from '../src/search/static/open-static-index';
import type { StaticIndex } from '../src/search/static/types';
import { cpuSeconds, machine, median, megabytes, seconds, table } from './lib/report';
import { syntheticVectors } from './lib/synthetic-vectors';

const ROOT = path.resolve(import.meta.dirname, '..');
const CLI = path.join(ROOT, 'dist/lib/cli.js');
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000' },
    dims: { type: 'string', default: '1536' },
    rounds: { type: 'string', default: '5' },
    record: { type: 'boolean', default: false },
  },
});
const [count, dims, rounds] = [values.rows, values.dims, values.rounds].map(Number) as [number, number, number];
/** As many rows as the indexer commits at a time on a fast machine. */
const COMMIT = 50;
const THUMBNAIL_BYTES = 3000;
if (!existsSync(CLI)) throw new Error(`There is no ${CLI}: npm run build:package`);

const work = await mkdtemp(path.join(tmpdir(), 'photo-search-'));
const index = path.join(work, 'index');
const usage = path.join(work, 'usage.json');

async function writeIndex(): Promise<void> {
  const model = { id: 'made-up', name: null, dims };
  const place = { place: index, name: 'photos', modelId: model.id, modelName: null, dims };
  const library = await Library.open(place, await FolderStorage.open(index, { writable: true, model }), true);
  await library.commit({ folders: { put: [{ id: 1, name: 'Pictures', handle: null, found: count }] } });
  const next = syntheticVectors({ dims, seed: 1, outliers: 6 });
  for (let id = 1; id <= count; id += COMMIT) {
    const add = Array.from({ length: Math.min(COMMIT, count + 1 - id) }, (_, i) => addition(id + i, next));
    await library.commit({ add });
  }
  await library.close();
}

function addition(id: number, next: (out: Float32Array) => void): Addition {
  const vector = new Float32Array(dims);
  next(vector);
  const time = 1.6e12 + id * 1e5;
  const place = id % 3 === 0 ? { latitude: 40 + (id % 100) / 10, longitude: (id % 77) / 7 } : null;
  return {
    vector,
    thumb: { bytes: new Uint8Array(THUMBNAIL_BYTES), type: 'image/webp' },
    row: {
      ...{ id, folderId: 1, path: `${Math.floor(id / 500)}/IMG_${id}.jpg`, size: 4e6, modified: time, reader: 3 },
      ...{ kind: 'picture', taken: time, dated: true, camera: `Camera ${id % 5}`, place, width: 4000, height: 3000 },
      hash: id.toString(16).padStart(64, '0'),
    },
  };
}

interface Run {
  wall: number;
  cpu: number;
  peak: number;
  /** Bytes read from the disk. */
  read: number;
  lines: string[];
}

/** Writes the resources that the process used to a file when it ends. */
const WATCH = `data:text/javascript,${encodeURIComponent(
  `import { writeFileSync } from 'node:fs';
   process.on('exit', () => writeFileSync(${JSON.stringify(usage)}, JSON.stringify(process.resourceUsage())));`,
)}`;

function run(args: readonly string[]): Run {
  const begun = performance.now();
  const out = execFileSync(process.execPath, ['--import', WATCH, CLI, ...args], { encoding: 'utf8' });
  const wall = (performance.now() - begun) / 1000;
  const used = JSON.parse(readFileSync(usage, 'utf8')) as NodeJS.ResourceUsage;
  return {
    wall,
    cpu: (used.userCPUTime + used.systemCPUTime) / 1e6,
    peak: used.maxRSS * 1024,
    read: used.fsRead * 512,
    lines: out.trim().split('\n'),
  };
}

/** Drops the files from the system's cache. */
function evict(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    execFileSync('dd', [`if=${path.join(name.parentPath, name.name)}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
}

const like = (id: number) => `Pictures/${Math.floor(id / 500)}/IMG_${id}.jpg`;
const cases: { name: string; args: string[]; isCold?: boolean }[] = [
  { name: '`--version`, for comparison', args: ['--version'] },
  {
    name: '`--like`, files not in the cache',
    args: ['search', index, '--like', like(777), '--top', '20'],
    isCold: true,
  },
  { name: '`--like`', args: ['search', index, '--like', like(777), '--top', '20'] },
  { name: '`--like`, by camera and days', args: ['search', index, '--like', like(777), '--camera', 'Camera 3', '--from', '2021-01-01', '--top', '20'] }, // prettier-ignore
  { name: '`--from`, without a query', args: ['search', index, '--from', '2021-01-01', '--top', '20'] },
  { name: 'an exported file, `--like`', args: ['search', `${index}.bin`, '--like', like(777), '--top', '20'] },
];

try {
  const begun = performance.now();
  const before = cpuSeconds();
  await writeIndex();
  const written = `written in ${seconds((performance.now() - begun) / 1000)} (CPU ${seconds(cpuSeconds() - before)})`;
  run(['index', '--out', index, '--export', `${index}.bin`, '--quiet']);
  const rows: string[][] = [];
  let first: string[] = [];
  for (const { name, args, isCold } of cases) {
    const runs = Array.from({ length: rounds }, () => {
      if (isCold) evict(index);
      return run(args);
    });
    const of = (key: 'wall' | 'cpu' | 'peak' | 'read') => median(runs.map((each) => each[key]));
    rows.push([name, seconds(of('wall')), seconds(of('cpu')), megabytes(of('peak')), megabytes(of('read'))]);
    if (name === '`--like`') first = runs[0]!.lines;
  }
  const lines = [
    '',
    `## \`vlm2vec search\`, ${count.toLocaleString('en')} × ${dims}`,
    '',
    machine(),
    '',
    `\`npx tsx bench/photo-search.ts --rows ${count} --dims ${dims} --rounds ${rounds}\``,
    '',
    `The index, ${megabytes(await bytesOf(index))}, was ${written}, ${COMMIT} pictures a commit.`,
    '',
    table([`a process of its own, median of ${rounds}`, 'time', 'CPU', 'peak resident', 'read from disk'], rows),
    '',
    ...(await asPage(first)),
    '',
  ];
  console.log(lines.join('\n'));
  if (values.record) appendFileSync(path.join(ROOT, 'bench/RESULTS.md'), lines.join('\n'));
} finally {
  await rm(work, { recursive: true });
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const status = await stat(path.join(folder, name));
    if (status.isFile()) bytes += status.size;
  }
  return bytes;
}

/** Opening, the first search and a second one, in this process, from a server in it. */
async function asPage(expected: readonly string[]): Promise<string[]> {
  const server = createServer(serveFolder(index));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  try {
    const rows: string[][] = [];
    let opened: StaticIndex | null = null;
    const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const [start, cpu, read] = [performance.now(), cpuSeconds(), opened?.bytesRead ?? 0];
      const result = await work();
      const bytes = (opened?.bytesRead ?? 0) - read;
      rows.push([
        name,
        seconds((performance.now() - start) / 1000),
        seconds(cpuSeconds() - cpu),
        `${Math.round(bytes / 1e3)} kB`,
      ]);
      return result;
    };
    const address = new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
    opened = await timed('open', () => openStaticIndex(address, { largestWholeFile: 2 ** 40 }));
    const at = opened;
    await timed('prepare: rows and all coarse halves', () => at.prepare());
    const search = (id: number) => at.search({ image: { id }, limit: 20 });
    const found = await timed('first search', () => search(777));
    await timed('the same again', () => search(777));
    await timed('another search', () => search(4242));
    const items = await at.items(found.hits.map(({ id }) => id));
    const isSame = items.every((item, i) => item?.path === expected[i]) && items.length === expected.length;
    at.close();
    return [
      table(['as a page searches it, host and page in one process', 'time', 'CPU', 'read'], rows),
      '',
      `Pictures and their order ${isSame ? 'are' : 'ARE NOT'} those of the command.`,
    ];
  } finally {
    server.close();
  }
}
