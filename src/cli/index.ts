#!/usr/bin/env node
/** @file The `vlm2vec` command. */
import { main } from './main';
import { watchStdout } from './output';

watchStdout();
process.exitCode = await main(process.argv.slice(2));
