/**
 * combu as a library: read an experiment, plan it, execute the plan, look at what came of it. What the command line does
 * is done with these. Nothing here prints or ends the process.
 *
 *     const read = readExperiment({ kind: 'file', path: 'experiment.jsonnet' }, options);
 *     if (!read.ok) console.error(read.error);
 */
export type { Backend } from './backend/backend.js';
export { type OpenDockerOptions, openDocker } from './backend/docker/open.js';
export type { RunControl, RunOrder, RunPorts, RunResult } from './exec/execute.js';
export { executeRun } from './exec/execute-run.js';
export { openFileJournal } from './journal/file-journal.js';
export { experimentId } from './journal/identity.js';
export type { Journal } from './journal/journal.js';
export { readEvents, readRunState } from './journal/read-run.js';
export { createRunFolder, listRuns, type RunFolder, resolveRun } from './journal/state-folder.js';
export type { NewRunEvent, RunEvent, RunEvents, RunEventType } from './model/event.js';
export type { Experiment } from './model/experiment.js';
export { Failure } from './model/failure.js';
export type { Problem, Refusal } from './model/problem.js';
export type { Result } from './model/result.js';
export { newRunId } from './model/run-id.js';
export { fold, newRunState, type RunState, type TrialStatus } from './model/run-state.js';
export type { Trial } from './model/trial.js';
export { describePlan, planToJson } from './plan/describe.js';
export { makePlan } from './plan/make-plan.js';
export type { Observed, Plan, PlanOptions } from './plan/plan.js';
export type { ReadExperiment } from './spec/parse.js';
export { type ExperimentSource, type ReadOptions, readExperiment } from './spec/read-experiment.js';
export { type Clock, systemClock } from './util/clock.js';
