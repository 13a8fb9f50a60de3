/** @file Lint: typescript-eslint with a few type-aware rules, and the folder rules of docs/architecture.md. */
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import layers from './scripts/eslint-layers.js';

const NODE_FILES = [
  '**/*.node.ts',
  '**/*.test.ts',
  'src/cli/**',
  'src/testing/**',
  'scripts/**',
  'bench/**',
  'e2e/**',
  '*.config.{js,ts}',
];

export default defineConfig(
  globalIgnores([
    'dist',
    '.cache',
    'node_modules',
    'public',
    'reference',
    'test-results',
    'playwright-report',
    'examples',
    'scripts/docs-site/examples', // by the tests of the documents
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}', '**/*.js'],
    extends: [tseslint.configs.recommended],
    plugins: { layers },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'layers/imports': 'error',
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['**/*.{ts,tsx}', '**/*.js'],
    ignores: NODE_FILES,
    rules: { 'layers/no-static-node': 'error' },
  },
  {
    // File names, EXIF and what servers say are text, never HTML.
    files: ['demo/**/*.{ts,tsx}', 'src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
          message: 'Set text, not HTML.',
        },
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Set text, not HTML.' },
      ],
    },
  },
  {
    files: ['src/cli/**', 'scripts/**', 'bench/**'],
    rules: { 'no-console': 'off' },
  },
);
