/**
 * @file `npm run test:scale [-- pytest's arguments]`: the examples for Spark, Ray and LanceDB on clusters that the
 * tests start themselves. Creates a virtual environment in `.cache/`, once. If Python, its packages or Java are not
 * available, it prints `skipped:` and why, and exits with 0.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = import.meta.dirname;
const REQUIREMENTS = path.join(FOLDER, 'requirements.txt');
const VENV = path.resolve(FOLDER, '../../.cache/scale-venv');
const PYTHON = path.join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
/** Spark 4 runs on it and newer ones. */
const OLDEST_JAVA = 17;

/** Why something is not available. */
class Missing extends Error {}

function run(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** Debian's package, if we may install one. */
function install(name: string): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  return run('apt-get', ['update', '-qq']) && run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name]);
}

/** Created again if the requirements have changed, or if it was not completed. */
function makeEnvironment(): void {
  const stamp = path.join(VENV, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(VENV, { recursive: true, force: true });
  const make = () => run('python3', ['-m', 'venv', VENV]);
  if (!make() && !(install('python3-venv') && make())) throw new Missing('Python makes no virtual environment here');
  if (!run(PYTHON, ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'])) {
    throw new Missing('Python is older than 3.11');
  }
  if (!run(PYTHON, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', REQUIREMENTS])) {
    throw new Missing(`pip could not install ${path.relative('.', REQUIREMENTS)}`);
  }
  writeFileSync(stamp, wanted);
}

/** 0 if there is none. */
function javaVersion(): number {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

function hasJava(): boolean {
  if (javaVersion() >= OLDEST_JAVA) return true;
  return install('default-jre-headless') && javaVersion() >= OLDEST_JAVA;
}

try {
  makeEnvironment();
  const withSpark = hasJava();
  if (!withSpark) console.log(`skipped: Spark, for there is no Java ${OLDEST_JAVA} here and none could be installed`);
  const without = withSpark ? [] : ['--ignore', path.join(FOLDER, 'test_spark.py')];
  const args = ['-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', ...without, FOLDER, ...process.argv.slice(2)];
  const { status } = spawnSync(PYTHON, args, {
    stdio: 'inherit',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.log(`skipped: ${error.message}`);
}
