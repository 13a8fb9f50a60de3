/**
 * @file End-to-end tests in a real Chromium. The projects differ in what the browser offers: `webgpu` has an adapter
 * (SwiftShader, so no GPU is needed), `wasm` has none. The dev server serves the source, the preview server the
 * built demo as users get it.
 */
import { defineConfig } from '@playwright/test';
import { DEV_PORT, IS_BUILT, SITE_BUILDS, SITE_FOLDER, SITE_PORT } from './e2e/builds.ts';
import { findChromium } from './scripts/chromium.ts';

const VITE = 'node node_modules/vite/bin/vite.js';

/** What this browser does without. The switch replaces Playwright's own, so the list begins with what that contains. */
const WITHOUT = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades', 'LensOverlay'],
  ...['HttpsFirstBalancedModeAutoEnable', 'MediaRouter', 'PaintHolding', 'ThirdPartyStoragePartitioning'],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled'],
  'PreconnectToSearch',
  // Two pages of the address bar, which every window loads unseen: more work than many a test's own page.
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'],
];

/** A browser that talks to nobody but the page's own origin. */
const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${WITHOUT.join()}`,
];
const SWIFTSHADER_WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // SwiftShader compiles and runs on the CPU: minutes where a GPU takes seconds.
  '--disable-gpu-watchdog',
  // Shared arrays are zeroed by a loop in the shader: as one constant, SwiftShader unrolls it, and compiles six times as long.
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
];

const launch = (args: string[]) => ({ executablePath: findChromium(), args: [...QUIET, ...args] });

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/builds.ts',
  outputDir: 'test-results',
  timeout: 240_000,
  expect: { timeout: 60_000 },
  // Two cores are busy with two. Tests of one file may run beside each other, so that no worker ends long before the other.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: '.cache/playwright.json' }]],
  use: { baseURL: `http://localhost:${DEV_PORT}` },
  projects: [
    // Each leaves out what is only for the other: see e2e/only.ts.
    { name: 'webgpu', grepInvert: /@wasm\b/, use: { launchOptions: launch(SWIFTSHADER_WEBGPU) } },
    { name: 'wasm', grepInvert: /@webgpu\b/, use: { launchOptions: launch([]) } },
  ].map((project) => ({ ...project, metadata: { siteURL: `http://localhost:${SITE_PORT}`, siteFolder: SITE_FOLDER } })),
  webServer: [
    {
      command: `${VITE} --port ${DEV_PORT} --strictPort`,
      url: `http://localhost:${DEV_PORT}`,
      reuseExistingServer: true,
    },
    {
      command: [
        ...(IS_BUILT ? [] : SITE_BUILDS.map((args) => `node ${args.join(' ')}`)),
        `${VITE} preview --outDir ${SITE_FOLDER} --port ${SITE_PORT} --strictPort`,
      ].join(' && '),
      url: `http://localhost:${SITE_PORT}`,
      reuseExistingServer: true,
      timeout: 240_000,
    },
  ],
});
