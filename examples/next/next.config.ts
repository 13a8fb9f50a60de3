import type { NextConfig } from 'next';

export default {
  output: 'export', // static files for any host; without it, `next start` serves the same page
  basePath: process.env.BASE_PATH,
} satisfies NextConfig;
