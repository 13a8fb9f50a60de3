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
Name any number of inputs in any order: pictures, folders (all pictures below, by name), globs in quotes, *.jsonl, *.csv,
*.tsv, *.parquet, and - for stdin. A line or row may have "text", "image" (a path relative to its file's folder, or a list), "instruction",
"role" (query or document), "prefix" and "id"; in Parquet images may also be bytes or {bytes, path}.

The output is {"id", "embedding": […]}, one per line, in order, or the file of --out. An interrupted run continues with the same
command and --resume. Exit codes: 0 done; 1 a fault of the machine; 2 bad input or options; 3 done, but some inputs were bad
(--skip-bad); 130 interrupted. More: docs/cli.md.
`;

function parseKeep(value: string): 'all' | string[] {
  if (value === 'all') return value;
  return [...new Set(value.split(',').map((name) => name.trim()))].filter((name) => name !== '');
}

/** Adds the options of `embed` itself to a command that has those of every model. */
export function addEmbed(command: Command, progress: ProgressLine, signal: AbortSignal): void {
  command
    .description('Embed texts and pictures: files, folders, globs, tables, or lines on stdin.')
    .optionsGroup('Inputs:')
    .option('--jsonl <file>', 'a file of JSON lines, whatever its name; - for stdin')
    .option('--text', 'read a text from each line of files and stdin, not JSON')
    .option('--text-column <name>', 'field or column of the text (default: text)')
    .option('--image-column <name>', 'field or column of the picture: paths, bytes, or {bytes, path} (default: image)')
    .option('--id-column <name>', 'field or column of the id (default: id)')
    .option('--keep <all|names>', 'fields to copy to the output, separated by commas', parseKeep)
    .addOption(
      new Option(
        '--orientation <which>',
        'exif turns photos upright; stored leaves them as stored in the file, as the reference code, eval and verify do',
      )
        .choices(['exif', 'stored'])
        .default('exif'),
    )
    .option(
      '--shard <i/n>',
      'only the i-th of n consecutive parts of the inputs: all outputs in order make up the whole',
      parseShard,
    )
    .optionsGroup('How inputs are prompted:')
    .addOption(
      new Option('--role <role>', 'the side of inputs that do not name one (default: by the recipe)').choices([
        'query',
        'document',
      ]),
    )
    .option('--instruction <text>', 'the instruction for inputs without one of their own')
    .option('--prefix <name>', "one of the recipe's prefixes, for inputs that name none")
    .option(
      '--max-tokens <n>',
      'cut off longer texts (default: a text too long for the model is a bad input)',
      positiveInteger,
    )
    .optionsGroup('Output:')
    .option('--out <place>', '*.jsonl, *.npy, *.parquet or lance:<database>/<table> (default: JSON lines on stdout)')
    .addOption(new Option('--format <format>', 'for an --out with another extension').choices(FORMATS))
    .option('--dims <n>', 'shorter vectors, if the recipe offers them (Matryoshka)', positiveInteger)
    .addOption(
      new Option(
        '--precision <precision>',
        'number format of vectors: float16 halves the size, int8 quarters it, binary keeps only signs',
      )
        .choices(STORED_PRECISIONS)
        .default('float32'),
    )
    .option('--raw-tokens', 'add the token ids, the image grid [1, rows, columns] and positions on three axes')
    .optionsGroup('The run:')
    .option('--skip-bad', 'write {"error"} in place of an input that cannot be embedded, and continue; exit code 3')
    .option('--resume', 'continue where an earlier run of the same command was stopped; start if there was none')
    .option('--overwrite', 'start over even if there is an unfinished run')
    .option(
      '--batch <n>',
      'inputs embedded together; at most this many are lost if the process is killed (default: 512 texts, 64 pictures)',
      positiveInteger,
    )
    .addOption(
      new Option(
        '--batching <which>',
        'single gives each input its own forward pass: its vector is bit for bit the same whatever is embedded with it; ' +
          'short texts take longer',
      )
        .choices(['shared', 'single'])
        .default('shared'),
    )
    .option('--threads <n>', 'CPU threads (default: ONNX Runtime decides)', positiveInteger)
    .option(
      '--serve',
      'keep running: read JSON lines from stdin, where an empty line ends a batch; write as many lines, with errors in their places, and ' +
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
