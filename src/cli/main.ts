/** @file The commands and options of `vlm2vec`, and what every command has in common. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { bench, type BenchArguments } from './bench';
import { convert, type ConvertArguments } from './convert';
import { addEmbed } from './embed-options';
import { compareCommand } from './eval-details';
import { failuresCommand, type FailuresArguments } from './eval-failures';
import { evalCommand, mergeCommand, type EvalArguments, type MergeArguments } from './eval';
import { recipes } from '../recipes';
import { CAPTION_COUNTS, MOST_CAPTIONS, PICTURE_SIZES } from '../measure';
import { CARD_MODELS, DOCUMENT_MODEL_NAMES, PUBLISHED_NAMES, REGIMES } from '../eval';
import { describeFailure, EXIT } from './failure';
import { inspect } from './inspect';
import { ReaderGone } from './output';
import { addPhotoCommands } from './photo-commands';
import { progressLine, type ProgressLine } from './progress';
import { rank, type RankArguments } from './rank';
import { parseShard, positiveInteger } from './option-values';
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

/** What Node runs models on; of what browsers have, the message says so. */
function device(value: string): 'cpu' | 'webgpu' {
  if (value === 'cpu' || value === 'webgpu') return value;
  throw new InvalidArgumentError(
    value === 'wasm' ? 'wasm is for browsers; use cpu here, which is faster.' : 'Use cpu or webgpu.',
  );
}

/** Options of the commands that run a model. */
function withModel(command: Command): Command {
  return command
    .addOption(modelOption().makeOptionMandatory())
    .addOption(deviceOption())
    .addOption(weightsOption())
    .addOption(computeOption())
    .option('--min-pixels <n>', "enlarge images to this area (default: the checkpoint's)", positiveInteger)
    .option('--max-pixels <n>', "shrink images to this area (default: the checkpoint's)", positiveInteger)
    .option('--num-crops <n>', 'cut images into at most this many tiles, for models that use tiles', positiveInteger)
    .addOption(recipeOption("the bundle's own"));
}

function recipeOption(otherwise: string): Option {
  return new Option(
    '--recipe <name|file>',
    `how the model is prompted: ${recipes.map(({ name }) => name).join(', ')}, or a JSON file (default: ${otherwise})`,
  );
}

function modelOption(): Option {
  return new Option('--model <bundle>', 'folder of a bundle, or nano, the built-in model');
}

function deviceOption(): Option {
  return new Option('--device <cpu|webgpu>', 'where to run').argParser(device).default('cpu');
}

function weightsOption(): Option {
  return new Option(
    '--weights <auto|resident|streamed>',
    'keep weights in memory, or read them again for each group of inputs: slower, for models larger than memory',
  )
    .choices(['auto', 'resident', 'streamed'])
    .default('auto');
}

function computeOption(): Option {
  return new Option(
    '--compute <exact|fast>',
    'products with quantized weights: fast rounds activations to 8 bits, if that passes the probe',
  )
    .choices(['exact', 'fast'])
    .default('exact');
}

/** Options of `eval` and `eval merge`. */
function withReport(command: Command): Command {
  return command
    .option('--images <folder|zip>', 'where the pictures are (default: images.zip or files next to the data)')
    .addOption(
      new Option('--against <row>', "the published row to compare with (default: the model's own)").choices([
        ...new Set([...PUBLISHED_NAMES, ...DOCUMENT_MODEL_NAMES]),
      ]),
    )
    .option('--details <file.jsonl>', 'write a line per query: the chosen and the right candidate, with their scores')
    .option('--vectors <place>', 'also write the vectors: *.parquet, *.npy, *.jsonl or lance:<database>/<table>')
    .option('--json', 'print the report as JSON instead of Markdown');
}

function program(progress: ProgressLine, signal: AbortSignal): Command {
  const root = new Command('vlm2vec')
    .description('VLM2Vec multimodal embeddings: convert checkpoints, embed texts and images, rank captions.')
    .version(VERSION)
    .enablePositionalOptions() // what follows eval merge is merge's
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
    .option('--report', 'also print bits, bytes, error and time for each kind of weight')
    .action((checkpoint: string, args: ConvertArguments) => convert(checkpoint, args, progress, signal));

  addEmbed(withModel(command('embed [inputs...]')), progress, signal);

  withModel(command('rank <image> <captions...>'))
    .description(
      'Rank captions for an image, best first. The model may also be the URL of a bundle, or a Hub repository, which is ' +
        "converted (q4) into the user's cache first.",
    )
    .option('--json', 'print [{"caption", "score"}, …]')
    .action((image: string, captions: string[], args: RankArguments) => rank(image, captions, args, progress, signal));

  const evaluation = command('eval <data>').enablePositionalOptions();
  evaluation
    .description(
      'Evaluate a bundle on MMEB: P@1 per set and on average, next to the published scores. <data> is a folder in the layout ' +
        'published (<Set>/test-00000-of-00001.parquet, images.zip), or its repository, TIGER-Lab/MMEB-eval. Or evaluate on the ' +
        'visual documents of MMEB-V2, by NDCG@5: <data> is a repository such as vidore/arxivqa_test_subsampled_beir, or a folder ' +
        'that contains some under their names (queries, corpus and qrels in each).',
    )
    .addOption(modelOption()) // not mandatory: commander would ask for it before merge too
    .addOption(deviceOption())
    .addOption(weightsOption())
    .addOption(computeOption())
    .addOption(
      new Option(
        '--regime <name>',
        'how large pictures are: v1 as in the paper, 1344 × 1344 (Phi-3.5-V: at most 4 crops); v2 keeps the aspect ratio, at most ' +
          "1,003,520 pixels; native uses the checkpoint's own limits (default: v1; for visual documents v2)",
      ).choices(REGIMES),
    )
    .option('--max-pixels <n>', "upper limit instead of the regime's", positiveInteger)
    .option('--num-crops <n>', "maximum number of tiles per picture, instead of the regime's", positiveInteger)
    .option(
      '--sets <names>',
      'only these, separated by commas: sets, Classification, VQA, Retrieval, Grounding, IND, OOD; for visual documents ' +
        'sets, ViDoRe v1, ViDoRe v2, VisRAG, OOD',
    )
    .option('--limit <n>', 'only the first n queries of each set', positiveInteger)
    .option(
      '--shard <i/n>',
      'embed only the i-th of n shards, into --out; join them with vlm2vec eval merge',
      parseShard,
    )
    .option('--out <folder>', 'keep vectors, report.md and report.json there; run again to continue where it stopped');
  withReport(evaluation).action((data: string, args: Omit<EvalArguments, 'data'>) => {
    if (args.model === undefined) evaluation.error("error: required option '--model <bundle>' not specified");
    return evalCommand({ ...args, data }, progress, signal);
  });
  const merge = evaluation.command('merge <parts...>').copyInheritedSettings(root);
  merge
    .description('Join the folders of all shards and write the report. No model is run.')
    .requiredOption('--data <folder|repo>', 'the data that the shards were made from')
    .option('--out <folder>', 'put report.md and report.json there');
  withReport(merge).action((parts: string[], args: MergeArguments) => mergeCommand(parts, args, signal));

  evaluation
    .command('compare <a> <b>')
    .copyInheritedSettings(root)
    .description('Compare two runs using their --details: P@1 (NDCG@5) and the difference, with 95 % intervals.')
    .option('--json', 'print it as JSON')
    .action((a: string, b: string, args: { json?: boolean }) => compareCommand(a, b, args));

  evaluation
    .command('failures <details>')
    .copyInheritedSettings(root)
    .description(
      'Write a page showing what a run got wrong, from its --details: queries, chosen and right candidates, with pictures.',
    )
    .requiredOption('--data <folder|repo>', 'the data that the run used')
    .option('--images <folder|zip>', 'where the pictures are (default: images.zip or files next to the data)')
    .requiredOption('--out <file.html>', 'the page; it includes its pictures')
    .option('--most <n>', 'show this many of the worst', positiveInteger, 100)
    .action((details: string, args: FailuresArguments) => failuresCommand(details, args, progress, signal));

  command('verify <bundle>')
    .description("Check a bundle against the model card's own example; exit code 1 if it gives different scores.")
    .requiredOption('--image <path|url>', 'the example: figures/example.jpg of TIGER-AI-Lab/VLM2Vec')
    .addOption(new Option('--as <model>', "compare with this card (default: the model's own)").choices(CARD_MODELS))
    .addOption(deviceOption())
    .addOption(weightsOption())
    .option('--json', 'print it as JSON')
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
    .action((args: BenchArguments) => bench(args, progress, signal));

  const withDevice = (of: Command) =>
    of.addOption(deviceOption()).addOption(weightsOption()).addOption(computeOption());
  addPhotoCommands({ command, withDevice, positiveInteger, progress, signal });

  command('inspect <bundle>')
    .description(
      'Show what a bundle contains and how it is prompted: architecture, recipe, dims, dtype, stages, bytes, source.',
    )
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
