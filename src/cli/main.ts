/** @file The commands and options of `vlm2vec`, and what every command has in common. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { bench, type BenchArguments } from './bench';
import { convert, type ConvertArguments } from './convert';
import { addEmbed } from './embed-options';
import { addEval } from './eval-commands';
import { CAPTION_COUNTS, MOST_CAPTIONS, PICTURE_SIZES } from '../measure';
import { CARD_MODELS } from '../eval';
import { examples } from './examples';
import { describeFailure, EXIT } from './failure';
import { inspect } from './inspect';
import { expectPrinted, ReaderGone } from './output';
import { addPhotoCommands } from './photo-commands';
import { progressLine, type ProgressLine } from './progress';
import { rank, type RankArguments } from './rank';
import { computeOption, deviceOption, modelOption, recipeOption, weightsOption, withModel } from './model-options';
import { positiveInteger } from './option-values';
import { requireLast } from './required-options';
import { verify, type VerifyArguments } from './verify';
import { VERSION } from './version';

const DTYPES = ['fp32', 'fp16', 'q8', 'q4'];

/** `64,256`, each within the limit. */
function numbers(most: number): (value: string) => number[] {
  return (value) => {
    const all = value.split(',').map((each) => positiveInteger(each.trim()));
    if (all.every((each) => each <= most)) return [...new Set(all)].sort((a, b) => a - b);
    throw new InvalidArgumentError(`The largest allowed value is ${most}.`);
  };
}

function program(progress: ProgressLine, signal: AbortSignal): Command {
  const root = new Command('vlm2vec')
    .description('VLM2Vec multimodal embeddings: convert checkpoints, embed texts and images, rank captions.')
    .version(VERSION)
    .enablePositionalOptions() // options after eval merge belong to merge
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const command = (usage: string) => root.command(usage).copyInheritedSettings(root);

  command('convert <checkpoint>')
    .description('Convert a checkpoint (folder or Hub repository, base model or adapter) to a bundle.')
    .option('--base <checkpoint>', "the adapter's base model (default: the one that the adapter names)")
    .option('--adapter <checkpoint>', 'an adapter to merge into the base model')
    .requiredOption('--out <folder>', 'folder for the bundle')
    .addOption(new Option('--dtype <dtype>', 'how weights are stored').choices(DTYPES).makeOptionMandatory())
    .addOption(
      new Option(
        '--effort <effort>',
        'best: 4-bit matrices are rounded a second time to minimise the error of their outputs; the checkpoint is read twice',
      )
        .choices(['fast', 'best'])
        .default('fast'),
    )
    .addOption(recipeOption("the repository's, otherwise determined by the files"))
    .option('--force', 'replace a bundle of another checkpoint, dtype, effort or recipe in that folder')
    .option('--report', 'also print bits, bytes, error and time for each kind of weight')
    .addHelpText(
      'after',
      examples(
        'vlm2vec convert ./checkpoint --out my-bundle --dtype q8',
        'vlm2vec convert ./adapter --base ./checkpoint --out my-bundle --dtype q4 --report',
        'vlm2vec convert TIGER-Lab/VLM2Vec-Qwen2VL-2B --out vlm2vec-2b --dtype q4',
      ),
    )
    .action((checkpoint: string, args: ConvertArguments) => convert(checkpoint, args, progress, signal));

  addEmbed(withModel(command('embed [inputs...]')), progress, signal);

  withModel(command('rank <image> <captions...>'))
    .description(
      'Rank captions for an image, best first. The model may also be the URL of a bundle, or a Hub repository, which is ' +
        "converted (q4) into the user's cache first.",
    )
    .option('--json', 'print [{"caption", "score"}, …]')
    .addHelpText(
      'after',
      examples(
        'vlm2vec rank --model nano cat.jpg "a cat" "two dogs"',
        'vlm2vec rank --model my-bundle cat.jpg "a cat" "two dogs" --json',
      ),
    )
    .action((image: string, captions: string[], args: RankArguments) => rank(image, captions, args, progress, signal));

  addEval(command, progress, signal);

  command('verify <bundle>')
    .description("Check a bundle against the model card's own example; exit code 1 if it gives different scores.")
    .requiredOption('--image <path|url>', 'the example: figures/example.jpg of TIGER-AI-Lab/VLM2Vec')
    .addOption(new Option('--as <model>', "compare with this card (default: the model's own)").choices(CARD_MODELS))
    .addOption(deviceOption())
    .addOption(weightsOption())
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples('vlm2vec verify vlm2vec-2b --image example.jpg'))
    .action((bundle: string, args: VerifyArguments) => verify(bundle, args, progress, signal));

  command('bench')
    .description(
      'Measure a bundle on this machine: milliseconds for pictures and captions, stage by stage, their share of the ' +
        "machine's own matmul rate, loading time, memory, and the cosine with the bundle's self-test.",
    )
    .addOption(modelOption().makeOptionMandatory())
    .addOption(deviceOption())
    .addOption(
      new Option('--activations <which>', 'number format of activations (default: f32 on cpu, both on webgpu)').choices(
        ['f32', 'f16'],
      ),
    )
    .addOption(computeOption())
    .option('--pictures <sizes>', `visual tokens (default: ${PICTURE_SIZES.join(',')})`, numbers(16384))
    .option('--captions <counts>', `captions per call (default: ${CAPTION_COUNTS.join(',')})`, numbers(MOST_CAPTIONS))
    .option('--seconds <n>', 'seconds to spend on repeating each (default: 3)', positiveInteger)
    .option('--longest <n>', 'skip anything that takes longer, in seconds (default: 60)', positiveInteger)
    .option('--threads <n>', 'CPU threads (default: ONNX Runtime decides)', positiveInteger)
    .addOption(new Option('--json', 'print the report as JSON').conflicts('markdown'))
    .option('--markdown', 'print the report as Markdown, for pasting')
    .addHelpText(
      'after',
      examples('vlm2vec bench --model nano --pictures 16 --captions 1 --seconds 1 --markdown > figures.md'),
    )
    .action((args: BenchArguments) => bench(args, progress, signal));

  const withDevice = (of: Command) =>
    of.addOption(deviceOption()).addOption(weightsOption()).addOption(computeOption());
  addPhotoCommands({ command, withDevice, positiveInteger, progress, signal });

  command('inspect <bundle>')
    .description(
      'Show what a bundle contains and how it is prompted: architecture, recipe, dims, dtype, stages, bytes, source.',
    )
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples('vlm2vec inspect nano', 'vlm2vec inspect my-bundle --json'))
    .action((bundle: string, args: { json?: boolean }) => inspect(bundle, args));
  requireLast(root);
  return root;
}

/** Points to the help that lists the options and arguments. */
function helpHint(root: Command, words: readonly string[]): string {
  const named = ['vlm2vec'];
  let command: Command | undefined = root;
  for (const word of words) {
    command = command.commands.find((each) => each.name() === word);
    if (!command) break;
    named.push(word);
  }
  return `. See ${named.join(' ')} --help`;
}

/** Runs the command and returns the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.once(name, interrupt);
  const progress = progressLine();
  const root = program(progress, interruption.signal);
  try {
    if (args.length === 0) throw new CommanderError(EXIT.input, 'usage', 'name a command');
    // Help and version are printed, and then thrown.
    await root.parseAsync(args, { from: 'user' }).finally(expectPrinted);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ReaderGone) return EXIT.ok;
    if (interruption.signal.aborted) return EXIT.interrupted;
    progress.clear();
    const { line, code } = describeFailure(error);
    const hint = error instanceof CommanderError && !/[?.]\)?$/.test(line) ? helpHint(root, args) : '';
    if (code !== EXIT.ok) process.stderr.write(`vlm2vec: ${line}${hint}\n`);
    return code;
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}
