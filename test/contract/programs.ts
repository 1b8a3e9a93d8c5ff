import type { ContainerSpec } from '../../src/backend/backend.js';
import type { Script } from '../../src/backend/memory/script.js';

/**
 * What the contract's containers do, in words that every backend can act out: an engine as a shell program, the
 * memory backend as a script. Times in milliseconds.
 */
export type Program =
  | { readonly does: 'exit'; readonly code: number; readonly prints?: readonly string[] }
  /** Runs until it is stopped, and ends with 143 at the stop signal. */
  | { readonly does: 'serve' }
  /** Runs until it is killed. */
  | { readonly does: 'ignore stop' }
  /** `line 1` and so on, on standard output. */
  | { readonly does: 'print'; readonly lines: number }
  /** As `print`, one line at a time. */
  | { readonly does: 'print slowly'; readonly lines: number; readonly every: number }
  | { readonly does: 'print on both'; readonly out: string; readonly err: string }
  | { readonly does: 'run out of memory' }
  /** Its program is not in the image. An init would start all the same, and end with 127. */
  | { readonly does: 'not exist' }
  /** Writes below a folder of its own, and ends. */
  | { readonly does: 'write'; readonly folder: string; readonly files: Readonly<Record<string, string>> };

/** Under which label the memory backend finds the program. */
const LABEL = 'test.program';

/** The part of a container that makes it do this. */
export function acting(
  program: Program,
): Pick<ContainerSpec, 'cmd' | 'memory' | 'init'> & { label: Record<string, string> } {
  return {
    cmd: command(program),
    memory: program.does === 'run out of memory' ? 32 * 2 ** 20 : undefined,
    init: program.does !== 'not exist',
    label: { [LABEL]: JSON.stringify(program) },
  };
}

/** For the memory backend: the script of a container that was made with `acting`. */
export function scriptOf(spec: ContainerSpec): Partial<Script> {
  const program = JSON.parse(spec.labels[LABEL] ?? '{"does":"exit","code":0}') as Program;
  switch (program.does) {
    case 'exit':
      return { ending: { kind: 'exit', after: 50, code: program.code }, lines: program.prints ?? [] };
    case 'serve':
      return { ending: { kind: 'never' }, health: { after: 50, result: healthIn(spec) } };
    case 'ignore stop':
      return { ending: { kind: 'never' }, onStop: { kind: 'ignore' }, lines: ['ready'] };
    case 'print':
      return { lines: numbered(program.lines), ending: { kind: 'exit', after: 50, code: 0 } };
    case 'print slowly': {
      const lines = numbered(program.lines).map((text, index) => ({ after: index * program.every, text }));
      return { lines, ending: { kind: 'exit', after: program.lines * program.every, code: 0 } };
    }
    case 'print on both':
      return {
        lines: [
          { after: 0, text: program.out, stream: 'stdout' },
          { after: 10, text: program.err, stream: 'stderr' },
        ],
        ending: { kind: 'exit', after: 50, code: 0 },
      };
    case 'run out of memory':
      return { ending: { kind: 'oom', after: 50 } };
    case 'not exist':
      return { startError: 'no such program' };
    case 'write':
      return {
        files: Object.fromEntries(
          Object.entries(program.files).map(([name, text]) => [`${program.folder}/${name}`, text]),
        ),
      };
  }
}

function command(program: Program): string[] {
  const shell = (text: string) => ['sh', '-c', text];
  switch (program.does) {
    case 'exit':
      return shell(
        [...(program.prints ?? []).map((line) => `echo '${line}'`), `exit ${program.code}`].join('; '),
      );
    case 'serve':
      return ['sleep', '1000'];
    case 'ignore stop':
      return shell("trap '' TERM; echo ready; while true; do sleep 1; done");
    case 'print':
      return shell(`seq ${program.lines} | sed 's/^/line /'`);
    case 'print slowly':
      return shell(`for i in $(seq ${program.lines}); do echo line $i; sleep ${program.every / 1000}; done`);
    case 'print on both':
      return shell(`echo '${program.out}'; sleep 0.1; echo '${program.err}' >&2`);
    case 'run out of memory':
      return shell('tail /dev/zero');
    case 'not exist':
      return ['/no/such/program'];
    case 'write':
      return shell(
        [
          `mkdir -p ${program.folder}`,
          ...Object.entries(program.files).map(
            ([name, text]) => `printf '%s' '${text}' > ${program.folder}/${name}`,
          ),
        ].join(' && '),
      );
  }
}

function numbered(lines: number): string[] {
  return Array.from({ length: lines }, (_, index) => `line ${index + 1}`);
}

/** A probe that can't succeed is written as `false` in the contract. */
function healthIn(spec: ContainerSpec): 'healthy' | 'unhealthy' {
  return spec.healthcheck?.test.includes('false') ? 'unhealthy' : 'healthy';
}
