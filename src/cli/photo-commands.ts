/** @file The commands of the photo index: their options, and their help. */

import { InvalidArgumentError, type Command } from 'commander';
import { examples } from './examples';
import { indexCommand, type IndexArguments } from './photo-index';
import { searchCommand, type PhotoSearchArguments } from './photo-search';
import { SILENT, type ProgressLine } from './progress';

interface Quiet {
  quiet?: boolean;
}

interface CommandContext {
  /** Starts the definition of a command. */
  command(usage: string): Command;
  /** Adds `--device` and the other options that say how a model is run. */
  withDevice(command: Command): Command;
  positiveInteger(value: string): number;
  progress: ProgressLine;
  signal: AbortSignal;
}

const collect = (value: string, before: string[] = []) => [...before, value];

function cosine(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= -1 && number <= 1) return number;
  throw new InvalidArgumentError('It must be a cosine, from -1 to 1.');
}

export function addPhotoCommands({ command, withDevice, positiveInteger, progress, signal }: CommandContext): void {
  withDevice(command('index [folders...]'))
    .description(
      'Index the pictures in folders, for searching with vlm2vec search, on the page, or from a static host. When run again, it ' +
        'embeds what is new or changed, forgets what is gone, and continues where it was stopped.',
    )
    .option('--out <dir>', 'the index; without named folders, its own folders are scanned again')
    .option('--model <bundle>', "folder of a bundle, or nano (default: the index's)")
    .option('--dims <n>', 'shorter vectors, if the recipe offers them (Matryoshka)', positiveInteger)
    .option('--no-thumbnails', 'do not make thumbnails')
    .option('--retry', 'also try files that could not be indexed before')
    .option('--import <file>', 'start from an exported index (from the page or --export), replacing the current one')
    .option(
      '--export <file>',
      'write the index as one file, which the page can import; on its own, folders are not scanned',
    )
    .option('--status <dir>', 'show what an index contains and which files could not be indexed')
    .option('--json', 'print it as JSON')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${examples(
        'vlm2vec index ~/Photos --out photos.index --model nano',
        'vlm2vec index --out photos.index',
        'vlm2vec index --status photos.index',
        'vlm2vec index --out photos.index --export photos.bin',
      )}
Exit codes: 0 done; 2 bad arguments, or a damaged index; 3 done, except for files or folders that could not be read;
130 stopped by Ctrl-C: run it again to continue.`,
    )
    .action((folders: string[], { quiet, ...args }: IndexArguments & Quiet) =>
      indexCommand(folders, args, quiet ? SILENT : progress, signal),
    );

  withDevice(command('search <index> [words...]'))
    .description(
      'Find pictures of an index (a folder, or an exported file) and print their paths, best first. Words have the same ' +
        'meaning as on the page: "a dog +snow -people", and dates and places filter: "dogs in Rome summer 2021". Without words and pictures: everything that passes the filters, newest first.',
    )
    .option(
      '--image <path>',
      'find pictures like this one; with words, both are read together; may be repeated',
      collect,
    )
    .option('--like <path>', 'the same for a picture of the index: its vector is used, so no model is needed', collect)
    .option('--model <bundle>', "the index's model, if it has been moved")
    .option('--instruction <text>', "instruction to use instead of the recipe's own")
    .option('--from <day>', 'taken on that day or later: 2024-05-01')
    .option('--to <day>', 'taken on that day or before')
    .option('--camera <name>', 'taken with this camera; may be repeated', collect)
    .option('--folder <path>', 'in this folder, by its name in the index: Photos/2024')
    .option('--album <name>', 'in that album, or in the favourites')
    .option(
      '--area <area>',
      'taken there: south,west,north,east, or corners as "latitude,longitude latitude,longitude …"',
    )
    .option(
      '--as-words <text>',
      'treat this date or place in the words as plain words, not as a filter; may be repeated',
      collect,
    )
    .option('--day-first', 'read 12/03/2020 as 12 March 2020')
    .option('--top <n>', 'this many, best first (default: those that stand out, at most 200)', positiveInteger)
    .option('--min-score <s>', 'only results with at least this cosine', cosine)
    .option('--relative', "print the folder's name and the path in it instead of the path on this disk")
    .option('-0, --null', 'end each path with NUL instead of a newline, for xargs -0; nothing is escaped')
    .option(
      '--json',
      'print {"hits": [{"path", "score", "z", "relevant", "why", …}], "weak", "candidates", "understood"}',
    )
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      examples(
        'vlm2vec search photos.index "a dog on a beach -people" --top 10',
        'vlm2vec search photos.index "dogs in Rome summer 2021" --json',
        'vlm2vec search photos.index --image cat.jpg "at night"',
        'vlm2vec search photos.index --like ~/Photos/cat.jpg -0 | xargs -0 cp -t found',
      ),
    )
    .action((place: string, words: string[], { quiet, ...args }: PhotoSearchArguments & Quiet) =>
      searchCommand(place, words, args, quiet ? SILENT : progress, signal),
    );
}
