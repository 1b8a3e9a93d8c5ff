import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** One evaluator: how a process of it is started, and how it evaluates a file several times in one process. */
export interface Contender {
  readonly name: string;
  command(file: string): readonly [program: string, ...args: string[]];
  /** Prints the milliseconds of each round, one a line. Absent where there is no library to call. */
  warm?(file: string, rounds: number): readonly [program: string, ...args: string[]];
}

const MAIN = resolve('dist/cli/main.js');
const WARM = resolve('bench/jsonnet/warm.mjs');

export const combu: Contender = {
  name: 'combu',
  command: (file) => [process.execPath, MAIN, 'eval', file],
  warm: (file, rounds) => [process.execPath, WARM, file, String(rounds)],
};

const GO_JSONNET = 'github.com/google/go-jsonnet';
const GO_VERSION = 'v0.22.0';

/** go-jsonnet, built in `folder` from its module; undefined where there is no Go. */
export function goJsonnet(folder: string): Contender | undefined {
  if (!has('go', 'version')) return undefined;
  const source = join(folder, 'go');
  const program = join(source, 'jsonnet');
  const warm = join(source, 'warm');
  if (!existsSync(warm)) {
    mkdirSync(source, { recursive: true });
    copyFileSync('bench/jsonnet/warm.go', join(source, 'main.go'));
    writeFileSync(join(source, 'go.mod'), `module warm\n\ngo 1.24\n\nrequire ${GO_JSONNET} ${GO_VERSION}\n`);
    const go = (...args: string[]) => execFileSync('go', args, { cwd: source, stdio: 'inherit' });
    go('mod', 'tidy');
    go('get', `${GO_JSONNET}/cmd/jsonnet@${GO_VERSION}`);
    go('build', '-o', program, `${GO_JSONNET}/cmd/jsonnet`);
    go('build', '-o', warm, '.');
  }
  return {
    name: 'go-jsonnet',
    command: (file) => [program, file],
    warm: (file, rounds) => [warm, file, String(rounds)],
  };
}

/** jrsonnet, where it is installed (`cargo install jrsonnet --version 0.5.0-pre98`). */
export function jrsonnet(program: string): Contender | undefined {
  if (!has(program, '--version')) return undefined;
  return { name: 'jrsonnet', command: (file) => [program, '--max-stack', '500', file] };
}

function has(program: string, flag: string): boolean {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
