/**
 * @file Before each test file: the same random examples in every run of `npm test`, so that whether main passes does not
 * hang on luck; others each time in `npm run test:full`, where a failure prints the seed to put into the test.
 */
import fc from 'fast-check';

if (!process.env.VLM2VEC_FULL_TESTS) fc.configureGlobal({ seed: 1 });
