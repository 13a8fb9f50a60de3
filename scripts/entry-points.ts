/** @file The package's entry points. package.json's `exports` names them; the build, its tests and the reference go by this list. */

/** Each file of `src/adapters/` that `./adapters/*` means. */
export const ADAPTERS = ['ai-sdk', 'langchain', 'llamaindex', 'openai', 'transformers'];

/** Where each begins, by its name in `dist/lib`. */
export const ENTRY_POINTS: Record<string, string> = {
  index: './src/index.ts',
  search: './src/search/index.ts',
  elements: './src/elements/index.ts',
  react: './src/elements/react.ts',
  vue: './src/elements/vue.ts',
  ...Object.fromEntries(ADAPTERS.map((name) => [`adapters/${name}`, `./src/adapters/${name}.ts`])),
};
