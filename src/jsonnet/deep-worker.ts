import { type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { Source } from './ast.js';
import {
  ALIVE,
  ANSWERED,
  type Call,
  DIED,
  type Job,
  REPORTED,
  type Reply,
  type Request,
  type Result,
} from './deep-protocol.js';
import { JsonnetError } from './errors.js';
import { isStackOverflow } from './machine.js';
import type { NativeFunction } from './options.js';
import { type Evaluation, LocalEvaluation } from './outcome.js';

/*
 * Two threads run this. The caller's thread stands still until there is a result, so it could not see that the thread
 * which evaluates has died; the watcher starts that one and tells.
 */

/** Megabytes of addresses for the stack. A level of a program takes 0.5 to 2 kB. */
const STACK_MB = 512;

const { role, job } = workerData as { role: 'watcher' | 'evaluator'; job: Job };
if (role === 'watcher') watch(job);
else work(job);

function watch(job: Job): void {
  Atomics.store(job.signals, ALIVE, 1);
  const evaluator = new Worker(new URL(import.meta.url), {
    workerData: { role: 'evaluator', job },
    transferList: [job.port],
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  evaluator.on('error', () => {});
  evaluator.on('exit', () => {
    Atomics.store(job.signals, DIED, 1);
    wake(job.signals, REPORTED);
  });
}

function wake(signals: Int32Array, index: number): void {
  Atomics.store(signals, index, 1);
  Atomics.notify(signals, index);
}

function work(job: Job): void {
  const { port, signals } = job;
  const tell = (call: Call) => {
    port.postMessage(call);
    wake(signals, REPORTED);
  };
  try {
    tell({ kind: 'result', result: resultOf(evaluate(job, tell), job.request) });
  } catch (error) {
    if (error instanceof JsonnetError) {
      const { message, kind, place, excerpt, stackLines } = error;
      tell({ kind: 'failure', failure: { message, kind, place, excerpt, stackLines } });
    } else if (isStackOverflow(error)) tell({ kind: 'overflow' });
    else throw error;
  }
}

function resultOf(evaluation: Evaluation, request: Request): Result {
  return request.kind === 'place' ? evaluation.placeOf(request.path) : evaluation[request.kind]();
}

function evaluate(job: Job, tell: (call: Call) => void): Evaluation {
  const { port, signals, source } = job;
  const ask = (call: Call): Reply => {
    tell(call);
    return awaitReply(port, signals);
  };
  const nativeFunctions: Record<string, NativeFunction> = {};
  for (const { name, parameters } of job.natives) {
    nativeFunctions[name] = {
      parameters,
      call: (...args) => {
        const reply = ask({ kind: 'native', name, args });
        if (reply.kind === 'value') return reply.value;
        throw new Error(reply.kind === 'error' ? reply.message : 'unexpected reply');
      },
    };
  }
  return new LocalEvaluation(new Source(source.file, source.text, source.path), {
    extVars: job.extVars,
    topLevelArgs: job.topLevelArgs,
    importPaths: job.importPaths,
    importer: job.importsHere
      ? (from, path) => {
          const reply = ask({ kind: 'import', from, path });
          if (reply.kind === 'imported') return reply.imported;
          throw new JsonnetError(reply.kind === 'error' ? reply.message : 'unexpected reply');
        }
      : undefined,
    nativeFunctions,
    maxStack: job.maxStack,
    literals: job.literals,
    trace: (message, place) => tell({ kind: 'trace', message, place }),
  });
}

function awaitReply(port: MessagePort, signals: Int32Array): Reply {
  Atomics.wait(signals, ANSWERED, 0);
  Atomics.store(signals, ANSWERED, 0);
  return receiveMessageOnPort(port)!.message as Reply;
}
