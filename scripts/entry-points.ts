/**
 * @file The package's entry points. package.json's `exports` names them; the build, its tests and the reference use
 * this list.
 */

/** The files of `src/adapters/` that `./adapters/*` stands for. */
export const ADAPTERS = ['ai-sdk', 'langchain', 'llamaindex', 'openai', 'transformers'];

/** The source file of each, by its name in `dist/lib`. */
export const ENTRY_POINTS: Record<string, string> = {
  index: './src/index.ts',
  search: './src/search/index.ts',
  elements: './src/elements/index.ts',
  react: './src/elements/react.ts',
  vue: './src/elements/vue.ts',
  ...Object.fromEntries(ADAPTERS.map((name) => [`adapters/${name}`, `./src/adapters/${name}.ts`])),
};
