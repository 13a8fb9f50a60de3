import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../errors';
import { Pattern } from './pattern';

describe('Pattern', () => {
  /** Patterns of every kind that the matcher knows, written so that JavaScript reads them the same way. */
  const pattern = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('a', 'b', '.', '\\.', '[ab]', '[^a]', '[a-c.]', '\\d', '\\w', '\\b', '^', '$', ''),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
      fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{0,2}', '{1,}')).map(([a, q]) => `(${a})${q}`),
      tie('node').map((a) => `(?=${a})`),
      tie('node').map((a) => `(?!${a})`),
    ),
  })).node;

  it('agrees with RegExp', () => {
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[abc.0]{0,8}$/), (source, text) => {
        const matcher = new Pattern(source);
        expect(matcher.fullMatch(text)).toBe(new RegExp(`^(?:${source})$`).test(text));
        expect(matcher.matchStart(text)).toBe(new RegExp(`^(?:${source})`).test(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('ends at once where RegExp would take 2^60 steps', () => {
    const text = `${'a'.repeat(60)}!`;
    for (const source of ['(a+)+$', '(a|a)*$', '(a*)*b', '(.*)*x', '(?:a?){60}a{60}x', '(?=(a+)+$)a']) {
      expect(new Pattern(source).fullMatch(text)).toBe(false);
    }
  });

  it('tries each lookahead once at each position, and gives up with a named error if that still takes too long', () => {
    let nested = 'a*b';
    for (let depth = 0; depth < 7; depth++) nested = `(?:(?=${nested}).|a)*b`;
    const began = performance.now();
    expect(new Pattern(nested).fullMatch('a'.repeat(48))).toBe(false);
    expect(new Pattern(nested).fullMatch('a'.repeat(300))).toBe(false);
    expect(() => new Pattern(nested).fullMatch('a'.repeat(20_000))).toThrow(UnsupportedError);
    expect(() => new Pattern('(?:(?!a*b)a)*').fullMatch('a'.repeat(10_000))).toThrow(/takes too long/);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('reads the patterns that trainers write', () => {
    const swift = new Pattern('^(model)(?!.*(lm_head|output|emb|wte|shared)).*');
    expect(swift.fullMatch('model.layers.0.mlp.down_proj')).toBe(true);
    expect(swift.fullMatch('model.embed_tokens')).toBe(false);
    const text = new Pattern(String.raw`(?!.*visual)(?P<path>.*)\.(q_proj|k_proj)\Z`);
    expect(text.fullMatch('model.layers.11.self_attn.q_proj')).toBe(true);
    expect(text.fullMatch('visual.blocks.0.attn.q_proj')).toBe(false);
  });

  it('reads word boundaries as Python does', () => {
    // Unsloth's pattern for all layers, shortened
    const unsloth = new Pattern(String.raw`(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|mlp)\.(?:(?:q_proj|v_proj)))`);
    expect(unsloth.fullMatch('model.layers.11.self_attn.q_proj')).toBe(true);
    expect(unsloth.fullMatch('model.layers.11.self_attn.q_proj_2')).toBe(false);
    const word = new Pattern(String.raw`.*\bproj\b.*`);
    expect(['attn.proj', 'proj.1', 'proj'].every((path) => word.fullMatch(path))).toBe(true);
    expect(['attn.q_proj', 'projection', ''].some((path) => word.fullMatch(path))).toBe(false);
    const inside = new Pattern(String.raw`.*\Bproj`);
    expect(inside.fullMatch('q_proj')).toBe(true);
    expect(inside.fullMatch('attn.proj')).toBe(false);
  });

  it.each([
    [String.raw`a(?<=b)c`, String.raw`"(?<=b)" at position 1`],
    [String.raw`(ab)\1`, String.raw`"\\1" at position 4`],
    ['(?i)layers', '"(?i)la" at position 0'],
    ['(open', '"(open" at position 0'],
  ])('names what it does not know in %s', (source, construct) => {
    expect(() => new Pattern(source)).toThrow(construct);
  });

  const broken = ['(', ')', 'a)', '[a', '[b-a]', '*a', 'a**', 'a{2}{3}', 'a{3,2}', 'a{,}', '\\'];
  const unknown = ['(?<=a)b', '(?i)a', '(a)\\1', '\\q'];
  it.each([...broken, ...unknown])('refuses %s', (source) => {
    expect(() => new Pattern(source)).toThrow(UnsupportedError);
  });

  it('refuses patterns that grow or nest without limit', () => {
    const nested = '('.repeat(2000) + ')'.repeat(2000);
    for (const source of ['((a{1000}){1000}){1000}', '('.repeat(100_000), nested, 'a'.repeat(5000)]) {
      expect(() => new Pattern(source)).toThrow(UnsupportedError);
    }
  });
});
