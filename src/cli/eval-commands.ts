/** @file The commands of evaluation: their options, and their help. */

import { Option, type Command } from 'commander';
import { DOCUMENT_MODEL_NAMES, PUBLISHED_NAMES, REGIMES } from '../eval';
import { evalCommand, mergeCommand, type EvalArguments, type MergeArguments } from './eval';
import { compareCommand } from './eval-details';
import { failuresCommand, type FailuresArguments } from './eval-failures';
import { examples } from './examples';
import { computeOption, deviceOption, modelOption, weightsOption } from './model-options';
import { parseShard, positiveInteger } from './option-values';
import type { ProgressLine } from './progress';

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

/** @param command starts the definition of a command */
export function addEval(command: (usage: string) => Command, progress: ProgressLine, signal: AbortSignal): void {
  const evaluation = command('eval <data>').enablePositionalOptions();
  evaluation
    .description(
      'Evaluate a bundle on MMEB: P@1 per set and on average, next to the published scores. <data> is a folder in the layout ' +
        'published (<Set>/test-00000-of-00001.parquet, images.zip), or its repository, TIGER-Lab/MMEB-eval. Or evaluate on the ' +
        'visual documents of MMEB-V2, by NDCG@5: <data> is a repository such as vidore/arxivqa_test_subsampled_beir, or a folder ' +
        'that contains some under their names (queries, corpus and qrels in each).',
    )
    .addOption(modelOption().makeOptionMandatory())
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
  withReport(evaluation)
    .addHelpText(
      'after',
      examples(
        'vlm2vec eval MMEB-eval --model nano --sets ImageNet-1K --limit 100 --details nano.jsonl',
        'vlm2vec eval MMEB-eval --model my-bundle --out runs/my-bundle',
        'vlm2vec eval MMEB-eval --model my-bundle --shard 1/2 --out runs/1',
        'vlm2vec eval TIGER-Lab/MMEB-eval --model vlm2vec-2b --out runs/2b',
      ),
    )
    .action((data: string, args: Omit<EvalArguments, 'data'>) => evalCommand({ ...args, data }, progress, signal));
  const merge = evaluation.command('merge <parts...>').copyInheritedSettings(evaluation);
  merge
    .description('Join the folders of all shards and write the report. No model is run.')
    .requiredOption('--data <folder|repo>', 'the data that the shards were made from')
    .option('--out <folder>', 'put report.md and report.json there');
  withReport(merge)
    .addHelpText('after', examples('vlm2vec eval merge runs/1 runs/2 --data MMEB-eval --out runs/all'))
    .action((parts: string[], args: MergeArguments) => mergeCommand(parts, args, signal));

  evaluation
    .command('compare <a> <b>')
    .copyInheritedSettings(evaluation)
    .description('Compare two runs using their --details: P@1 (NDCG@5) and the difference, with 95 % intervals.')
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples('vlm2vec eval compare nano.jsonl my-bundle.jsonl'))
    .action((a: string, b: string, args: { json?: boolean }) => compareCommand(a, b, args));

  evaluation
    .command('failures <details>')
    .copyInheritedSettings(evaluation)
    .description(
      'Write a page showing what a run got wrong, from its --details: queries, chosen and right candidates, with pictures.',
    )
    .requiredOption('--data <folder|repo>', 'the data that the run used')
    .option('--images <folder|zip>', 'where the pictures are (default: images.zip or files next to the data)')
    .requiredOption('--out <file.html>', 'the page; it includes its pictures')
    .option('--most <n>', 'show this many of the worst', positiveInteger, 100)
    .addHelpText('after', examples('vlm2vec eval failures nano.jsonl --data MMEB-eval --out failures.html'))
    .action((details: string, args: FailuresArguments) => failuresCommand(details, args, progress, signal));
}
