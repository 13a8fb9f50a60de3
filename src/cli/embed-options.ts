/** @file The options of `vlm2vec embed`, and its help. */

import { Option, type Command } from 'commander';
import { embed } from './embed';
import { examples } from './examples';
import type { EmbedArguments } from './embed-facts';
import { parseShard, positiveInteger } from './option-values';
import { FORMATS } from './outputs/places';
import { STORED_PRECISIONS } from './outputs/precision';
import { SILENT, type ProgressLine } from './progress';

const MORE = `
Inputs are named in any number and order: pictures, folders (all pictures below, by name), globs in quotes, *.jsonl, *.csv,
*.tsv, *.parquet, and - for stdin. A line or row may hold "text", "image" (a path from its file's folder, or a list), "instruction",
"role" (query or document), "prefix" and "id"; in Parquet images may also be bytes or {bytes, path}.

Output is {"id", "embedding": […]} a line, in order, or the file of --out. A run that was stopped, by whatever, goes on with the same
command and --resume. Exit codes: 0 done; 1 the machine's fault; 2 bad input or options; 3 done, but inputs were bad
(--skip-bad); 130 interrupted. More: docs/cli.md.
`;

function parseKeep(value: string): 'all' | string[] {
  if (value === 'all') return value;
  return [...new Set(value.split(',').map((name) => name.trim()))].filter((name) => name !== '');
}

/** Adds what is embed's own to a command that has the options of every model. */
export function addEmbed(command: Command, progress: ProgressLine, signal: AbortSignal): void {
  command
    .description('Embed texts and pictures: files, folders, globs, tables, or lines on stdin.')
    .optionsGroup('Inputs:')
    .option('--jsonl <file>', 'a file of JSON lines, whatever its name; - for stdin')
    .option('--text', 'read a text from each line of files and stdin, not JSON')
    .option('--text-column <name>', 'field or column of the text (default: text)')
    .option('--image-column <name>', 'field or column of the picture: paths, bytes, or {bytes, path} (default: image)')
    .option('--id-column <name>', 'field or column of the id (default: id)')
    .option('--keep <all|names>', 'fields to carry through, separated by commas', parseKeep)
    .addOption(
      new Option(
        '--orientation <which>',
        'exif turns photos upright; stored leaves them as they lie in the file, as the reference code, eval and verify do',
      )
        .choices(['exif', 'stored'])
        .default('exif'),
    )
    .option('--shard <i/n>', 'only the i-th of n runs of inputs: all outputs in order are the whole', parseShard)
    .optionsGroup('How they are asked:')
    .addOption(
      new Option('--role <role>', 'the side of inputs that do not say (default: by the recipe)').choices([
        'query',
        'document',
      ]),
    )
    .option('--instruction <text>', 'the instruction of inputs that have none of their own')
    .option('--prefix <name>', "one of the recipe's prefixes, for inputs that name none")
    .option('--max-tokens <n>', 'cut longer texts (default: what is too long for the model is bad)', positiveInteger)
    .optionsGroup('Output:')
    .option('--out <place>', '*.jsonl, *.npy, *.parquet or lance:<database>/<table> (default: JSON lines on stdout)')
    .addOption(new Option('--format <format>', 'of an --out with another ending').choices(FORMATS))
    .option('--dims <n>', 'shorter vectors, where the recipe offers them (Matryoshka)', positiveInteger)
    .addOption(
      new Option(
        '--precision <precision>',
        'numbers of vectors: float16 halves them, int8 quarters them, binary keeps signs',
      )
        .choices(STORED_PRECISIONS)
        .default('float32'),
    )
    .option('--raw-tokens', 'add the token ids, the image grid [1, rows, columns] and positions on three axes')
    .optionsGroup('The run:')
    .option('--skip-bad', 'leave {"error"} in the place of an input that cannot be embedded, and go on; exit code 3')
    .option('--resume', 'go on where an earlier run of the same command was stopped; begin where there was none')
    .option('--overwrite', 'begin anew, though an unfinished run is there')
    .option(
      '--batch <n>',
      'inputs embedded together, and what a kill may cost (default: 512 texts, 64 pictures)',
      positiveInteger,
    )
    .addOption(
      new Option(
        '--batching <which>',
        'single gives each input a forward pass of its own: its vector is the same to the bit whatever is embedded with it; ' +
          'short texts take longer',
      )
        .choices(['shared', 'single'])
        .default('shared'),
    )
    .option('--threads <n>', 'of the CPU (default: ONNX Runtime decides)', positiveInteger)
    .option(
      '--serve',
      'stay up: JSON lines come from stdin, an empty line ends a batch; as many lines come back, errors in their places, and ' +
        'an empty one',
    )
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      examples(
        'vlm2vec embed --model nano photos/ --out photos.npy',
        "vlm2vec embed --model nano 'photos/**/*.png' --out photos.parquet --skip-bad --resume",
        'vlm2vec embed --model nano pairs.csv --text-column caption --image-column file --keep label --out pairs.parquet',
        `echo '{"id": 1, "text": "a red kite"}' | vlm2vec embed --model nano -`,
        "echo 'a red kite' | vlm2vec embed --model nano --text - --precision int8",
      ) + MORE,
    )
    .action((words: string[], { quiet, ...args }: EmbedArguments & { quiet?: boolean }) =>
      embed(words, args, quiet ? SILENT : progress, signal),
    );
}
