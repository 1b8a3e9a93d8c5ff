import { Failure } from '../../model/failure.js';
import type { Backend } from '../backend.js';

export type Verb = keyof Backend;

interface Fault {
  readonly verb: Verb;
  readonly failure: Failure;
  /** The engine did what was asked; only its answer is lost. */
  readonly answerLost: boolean;
  times: number;
}

/** What goes wrong at the engine, as told by a test. */
export class Faults {
  #faults: Fault[] = [];
  #down = false;

  /** The next `times` calls of the verb fail. */
  fail(verb: Verb, failure: Failure, options: { times?: number; answerLost?: boolean } = {}): void {
    this.#faults.push({ verb, failure, times: options.times ?? 1, answerLost: options.answerLost ?? false });
  }

  set down(down: boolean) {
    this.#down = down;
  }

  get down(): boolean {
    return this.#down;
  }

  /** Throws what is to go wrong before the engine has done anything. */
  before(verb: Verb): void {
    if (this.#down) throw engineDown();
    this.#throwFirst(verb, false);
  }

  /** Throws what is to go wrong after the engine has done it. */
  after(verb: Verb): void {
    if (this.#down) throw engineDown();
    this.#throwFirst(verb, true);
  }

  #throwFirst(verb: Verb, answerLost: boolean): void {
    if (this.#faults.length === 0) return;
    const fault = this.#faults.find((one) => one.verb === verb && one.answerLost === answerLost);
    if (fault === undefined) return;
    fault.times -= 1;
    if (fault.times <= 0) this.#faults = this.#faults.filter((one) => one !== fault);
    throw fault.failure;
  }
}

export function engineDown(): Failure {
  return new Failure('The engine does not answer.', {
    owner: 'refused',
    retryable: true,
    fix: 'Start it again.',
  });
}
