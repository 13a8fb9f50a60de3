/** @file The commands and options of `vlm2vec`, and what every command has in common. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { convert, type ConvertArguments } from './convert';
import { embed, type EmbedArguments } from './embed';
import { describeFailure, EXIT } from './failure';
import { inspect } from './inspect';
import { ReaderGone } from './output';
import { progressLine, type ProgressLine } from './progress';
import { rank, type RankArguments } from './rank';
import { VERSION } from './version';

const DTYPES = ['fp32', 'fp16', 'q8', 'q4'];

function positiveInteger(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number === 0) {
    throw new InvalidArgumentError('It must be a whole number above 0.');
  }
  return number;
}

/** Options of the commands that run a model. */
function withModel(command: Command): Command {
  return command
    .requiredOption('--model <bundle>', 'folder of a bundle, or nano, the built-in model')
    .addOption(new Option('--device <device>', 'where to run').choices(['cpu', 'webgpu']).default('cpu'))
    .option('--min-pixels <n>', "enlarge images to this area (default: the checkpoint's)", positiveInteger)
    .option('--max-pixels <n>', "shrink images to this area (default: the checkpoint's)", positiveInteger);
}

function program(progress: ProgressLine, signal: AbortSignal): Command {
  const root = new Command('vlm2vec')
    .description('VLM2Vec multimodal embeddings: convert checkpoints, embed texts and images, rank captions.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError(false);
  const command = (usage: string) => root.command(usage).copyInheritedSettings(root);

  command('convert <checkpoint>')
    .description('Convert a checkpoint (folder or Hub repository, base model or adapter) to a bundle.')
    .option('--base <checkpoint>', "the adapter's base model (default: the one that it names)")
    .option('--adapter <checkpoint>', 'an adapter to merge into the base model')
    .requiredOption('--out <folder>', 'where the bundle goes')
    .addOption(new Option('--dtype <dtype>', 'how weights are stored').choices(DTYPES).makeOptionMandatory())
    .action((checkpoint: string, args: ConvertArguments) => convert(checkpoint, args, progress, signal));

  withModel(command('embed'))
    .description('Embed the lines {"text"?, "image"?: path} of a JSONL file: one JSON line each, in order.')
    .requiredOption('--jsonl <file>', 'the lines; - for stdin. Image paths are relative to the file')
    .option('--raw-tokens', 'add the token ids and the image grid [1, rows, columns]')
    .action((args: EmbedArguments) => embed(args, progress, signal));

  withModel(command('rank <image> <captions...>'))
    .description('Rank captions for an image, best first.')
    .option('--json', 'print [{"caption", "score"}, …]')
    .action((image: string, captions: string[], args: RankArguments) => rank(image, captions, args, progress, signal));

  command('inspect <bundle>')
    .description('Say what a bundle holds: architecture, dims, dtype, stages, bytes, source.')
    .option('--json', 'print it as JSON')
    .action((bundle: string, args: { json?: boolean }) => inspect(bundle, args));
  return root;
}

/** Runs the command; gives the exit code. Nothing is thrown. */
export async function main(args: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.once(name, interrupt);
  const progress = progressLine();
  try {
    if (args.length === 0) throw new CommanderError(EXIT.input, 'usage', 'name a command; vlm2vec --help lists them');
    await program(progress, interruption.signal).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ReaderGone) return EXIT.ok;
    if (interruption.signal.aborted) return EXIT.interrupted;
    progress.clear();
    const { line, code } = describeFailure(error);
    if (code !== EXIT.ok) process.stderr.write(`vlm2vec: ${line}\n`);
    return code;
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}
