/**
 * @file `npm run test:bundlers`: the packed package in fresh projects, one for each example, built by their bundlers and opened
 * in Chromium. Needs the registry. `EXAMPLES=vite,next` takes only some.
 */
import { defineConfig } from '@playwright/test';
import config from '../../playwright.config.ts';

const [webgpu, wasm] = ['webgpu', 'wasm'].map((name) => config.projects!.find((project) => project.name === name)!);

export default defineConfig({
  ...config,
  projects: [wasm!],
  metadata: { webgpu: webgpu!.use!.launchOptions },
  testDir: '.',
  outputDir: '../../test-results/bundlers',
  globalSetup: undefined,
  webServer: undefined,
  reporter: 'list',
  // Installing and building take the time, not the page.
  timeout: 600_000,
});
