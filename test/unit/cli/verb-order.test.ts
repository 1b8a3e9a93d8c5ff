import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { verbFirst } from '../../../src/cli/verb-order.js';

function program(): Command {
  const tree = new Command('combu');
  tree
    .command('run')
    .option('-f, --file <file>')
    .option('-n, --dry-run')
    .option('-j, --jobs <n>')
    .option('--resume [run]');
  tree.command('logs').option('--file <file>').option('-f, --follow').argument('[trial]');
  tree.command('kill').option('-f, --file <file>');
  const results = tree.command('results').option('-f, --file <file>');
  results.command('table').option('--json');
  return tree;
}

const ordered = (line: string) => verbFirst(line.split(' '), program()).join(' ');

describe('the order of words', () => {
  it.each([
    ['-f F run', 'run --file F'],
    ['-fF run -n', 'run --file=F -n'],
    ['--file=F -j 4 run', 'run --file=F -j 4'],
    ['-n -f F run -j 2', 'run -n --file F -j 2'],
    ['run -f F', 'run -f F'],
    ['-f - kill', 'kill --file -'],
  ])('%s means %s', (written, meant) => {
    expect(ordered(written)).toBe(meant);
  });

  it('takes -f for the file before logs, and leaves it alone after', () => {
    expect(ordered('-f F logs -f loader')).toBe('logs --file F -f loader');
  });

  it('takes a file that is named like a command for a file', () => {
    expect(ordered('-f kill run')).toBe('run --file kill');
    expect(ordered('-f run run')).toBe('run --file run');
  });

  it('puts flags behind the second verb too', () => {
    expect(ordered('-f F results table --json')).toBe('results table --file F --json');
  });

  it('leaves a value that may be missing to its flag', () => {
    expect(ordered('--resume abc run')).toBe('run --resume abc');
  });

  it('changes nothing where there is no command', () => {
    expect(ordered('-f F runn')).toBe('-f F runn');
    expect(ordered('--version')).toBe('--version');
    expect(ordered('-- run')).toBe('-- run');
  });
});
