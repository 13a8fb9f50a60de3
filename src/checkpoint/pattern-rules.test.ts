/**
 * @file Ranks and alphas against PEFT 0.13, 0.14 and 0.21, and adapters saved by PEFT 0.21, merged as either release
 * merges them.
 */
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../errors';
import { changedTree } from '../testing/checkpoint-files';
import { checkpointPath, fixtureBytes, fixturePath, float32, maxDifference } from '../testing/fixtures';
import { wholeTensor } from '../testing/same-tensors';
import { parseAdapterConfig } from './adapter-config';
import { openCheckpoint } from '../convert';
import { folderTree } from './folder.node';
import { choosePatternRule, rankAndAlpha, rulesOfVersion } from './pattern-rules';

const parse = (over: Record<string, unknown>) =>
  parseAdapterConfig({ peft_type: 'LORA', r: 8, lora_alpha: 8, target_modules: ['q_proj'], ...over }, 'test');

const PATHS = [
  'model.layers.0.self_attn.q_proj',
  'model.layers.1.self_attn.q_proj',
  'model.layers.11.mlp.down_proj',
  'model.layers.1.mlp.up_proj',
  'visual.blocks.1.attn.qkv',
  'visual.blocks.1.mlp.fc1',
  'visual.merger.mlp.0',
  'visual.merger.mlp.2',
  'lm_head',
  'model.embed_tokens',
  'model.language_model.layers.1.self_attn.q_proj',
  'q_proj',
  'model.my_q_proj',
];

// The rank of each of PATHS by get_pattern_key of peft 0.21.2 and of 0.14.0, 8 being the default.
const RANKS: [Record<string, number>, number[], number[]][] = [
  [{ q_proj: 3 }, [3, 3, 8, 8, 8, 8, 8, 8, 8, 8, 3, 3, 8], [3, 3, 8, 8, 8, 8, 8, 8, 8, 8, 3, 3, 8]],
  [{ 'q_proj|down_proj': 6 }, [6, 6, 6, 8, 8, 8, 8, 8, 8, 8, 6, 6, 8], [6, 6, 8, 8, 8, 8, 8, 8, 8, 8, 6, 8, 8]],
  [
    { '^model.layers.1': 5, '^model.layers.1.self_attn.q_proj': 3 },
    [8, 3, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8],
    [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8],
  ],
  [{ _proj: 9 }, [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8], [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]],
  [{ '.*_proj': 9 }, [9, 9, 9, 9, 8, 8, 8, 8, 8, 8, 9, 9, 9], [9, 9, 9, 9, 8, 8, 8, 8, 8, 8, 9, 8, 9]],
  [
    { '(q|my_q)_proj': 2, 'mlp.\\d': 7 },
    [2, 2, 8, 8, 8, 8, 7, 7, 8, 8, 2, 2, 2],
    [2, 2, 8, 8, 8, 8, 7, 7, 8, 8, 2, 8, 2],
  ],
  [
    { 'down_proj|up_proj|lm_head': 1 },
    [8, 8, 1, 1, 8, 8, 8, 8, 1, 8, 8, 8, 8],
    [8, 8, 1, 8, 8, 8, 8, 8, 1, 8, 8, 8, 8],
  ],
];

describe('rank_pattern and alpha_pattern', () => {
  it.each(RANKS)('%j: as PEFT 0.21 and PEFT 0.14 read it', (pattern, newer, older) => {
    const parsed = parse({ rank_pattern: pattern, alpha_pattern: pattern });
    expect(PATHS.map((path) => rankAndAlpha(parsed, path, '0.15').r)).toEqual(newer);
    expect(PATHS.map((path) => rankAndAlpha(parsed, path, '0.15').alpha)).toEqual(newer);
    expect(PATHS.map((path) => rankAndAlpha(parsed, path, '0.14').r)).toEqual(older);
  });

  it('until 0.13, both tables are searched with the keys of both', () => {
    const parsed = parse({ rank_pattern: { 'layers.1.self_attn.q_proj': 3 }, alpha_pattern: { q_proj: 5 } });
    const [first, second] = PATHS as [string, string];
    expect(rankAndAlpha(parsed, first, '0.13')).toEqual({ r: 8, alpha: 5 });
    expect(rankAndAlpha(parsed, second, '0.13')).toEqual({ r: 3, alpha: 8 });
    expect(rankAndAlpha(parsed, second, '0.14')).toEqual({ r: 3, alpha: 5 });
    expect(() => choosePatternRule(parsed, new Map([[second, 3]]))).toThrow(/8 by PEFT up to 0.13, 5 by PEFT 0.14/);
    expect(choosePatternRule(parsed, new Map([[first, 8]]))).toBe('0.15');
  });

  it('ranks that only one rule gives reveal the rule', () => {
    const pattern = { '^model.layers.0.self_attn.q_proj': 2 };
    const parsed = parse({ rank_pattern: pattern, alpha_pattern: pattern });
    const [path] = PATHS as [string];
    expect(choosePatternRule(parsed, new Map([[path, 2]]))).toBe('0.15');
    expect(rankAndAlpha(parsed, path, choosePatternRule(parsed, new Map([[path, 8]])))).toEqual({ r: 8, alpha: 8 });
  });

  it.each([
    ['0.13.2', '0.13'],
    ['0.14.0', '0.14'],
    ['0.15.0', '0.15'],
    ['0.18.0.dev0@3c1f0ab', '0.15'],
    ['0.150.0', '0.15'],
    ['1.0', '0.15'],
  ])('peft_version %s is read by the rule of %s', (version, rule) => {
    expect(rulesOfVersion(version)).toEqual([rule]);
    expect(parse({ peft_version: version }).patternRules).toEqual([rule]);
  });

  it('an invalid peft_version is named', () => {
    expect(() => parse({ peft_version: 'main' })).toThrow(/peft_version/);
    expect(() => parse({ peft_version: 0.14 })).toThrow(/peft_version/);
  });
});

const PATTERNS = 'newer-adapters/alpha-pattern';

/** What PEFT merges: the norm of every row, and the first row. */
type Merged = Record<string, { scaling: number; norms: string; row: string }>;
const expectedOf = (release: '0.14' | '0.21') =>
  JSON.parse(new TextDecoder().decode(fixtureBytes(`expected/peft-${release}.json`))) as Record<string, Merged>;

async function open(folder: string, over: Record<string, unknown> = {}) {
  const config = JSON.parse(new TextDecoder().decode(fixtureBytes(`${folder}/adapter_config.json`))) as object;
  const changed = new TextEncoder().encode(JSON.stringify({ ...config, ...over }));
  const adapter = changedTree(await folderTree(fixturePath(folder)), { 'adapter_config.json': changed });
  return openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-tied')), adapter });
}

/** The worst difference of a first row, and of a row's norm relative to it. */
async function worst(checkpoint: Awaited<ReturnType<typeof open>>, merged: Merged): Promise<number> {
  let found = 0;
  for (const [name, expected] of Object.entries(merged)) {
    const rows = await wholeTensor(checkpoint, name);
    const norms = float32(expected.norms);
    const columns = rows.length / norms.length;
    found = Math.max(found, maxDifference(rows.slice(0, columns), float32(expected.row)));
    for (const [row, norm] of norms.entries()) {
      const actual = Math.hypot(...rows.subarray(row * columns, (row + 1) * columns));
      found = Math.max(found, Math.abs(actual / norm - 1));
    }
  }
  return found;
}

describe('an adapter saved by PEFT 0.21', () => {
  it('is merged as 0.21 merges it, and by the rule of an older release, as that one merges it', async () => {
    const [newer, older] = [expectedOf('0.21'), expectedOf('0.14')];
    const read = await open(PATTERNS);
    expect(await worst(read, newer['alpha-pattern']!)).toBeLessThan(2e-6);
    expect(await worst(read, older['alpha-pattern']!)).toBeGreaterThan(0.01); // the shapes fit both
    const asOlder = await open(PATTERNS, { peft_version: '0.14.0' });
    expect(await worst(asOlder, older['alpha-pattern']!)).toBeLessThan(2e-6);
  });

  it('without its release, is refused, and the error names the readings', async () => {
    const refused = open(PATTERNS, { peft_version: undefined });
    await expect(refused).rejects.toBeInstanceOf(UnsupportedError);
    await expect(refused).rejects.toThrow(/16 by PEFT 0\.14, 32 by PEFT from 0\.15 on.*"peft_version"/);
  });

  it.each(['conv3d', 'conv3d-dora'])('%s: the patch embedding is merged too', async (name) => {
    const merged = expectedOf('0.21')[name]!;
    expect(Object.keys(merged)).toContain('visual.patch_embed.proj.weight');
    expect(merged).toEqual(expectedOf('0.14')[name]);
    expect(await worst(await open(`newer-adapters/${name}`), merged)).toBeLessThan(2e-6);
    const bare = await openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-tied')) });
    expect(await worst(bare, merged)).toBeGreaterThan(1e-3);
  });
});
