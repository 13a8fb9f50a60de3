#!/usr/bin/env node
/** @file The `vlm2vec` command. */
import { main } from './main';

process.exitCode = await main(process.argv.slice(2));
