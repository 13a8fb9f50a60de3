/**
 * @file vitest's reporter for `npm test`: writes what passed and what failed, by name, to the file of the environment
 * variable `UNIT_REPORT`. vitest's own JSON report omits errors outside of tests (an unhandled rejection, a worker
 * that ended), which fail a run in which every test passed.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter } from 'vitest/node';

export interface UnitReport {
  passed: number;
  /** Names of the tests and files that failed, and the messages of errors outside of tests. */
  failed: string[];
}

export default class implements Reporter {
  onTestRunEnd: Reporter['onTestRunEnd'] = (modules, errors) => {
    const report: UnitReport = { passed: 0, failed: [] };
    for (const module of modules) {
      const file = path.relative('.', module.moduleId);
      const tests = [...module.children.allTests()];
      const failed = tests.filter((test) => test.result().state === 'failed');
      report.passed += tests.filter((test) => test.result().state === 'passed').length;
      report.failed.push(...failed.map(({ fullName }) => `${file}: ${fullName}`));
      if (module.state() === 'failed' && failed.length === 0) report.failed.push(file);
    }
    for (const { message, stack } of errors) {
      report.failed.push(`an error outside of tests: ${message}\n${(stack ?? '').split('\n').slice(1, 6).join('\n')}`);
    }
    writeFileSync(process.env.UNIT_REPORT!, JSON.stringify(report));
  };
}
