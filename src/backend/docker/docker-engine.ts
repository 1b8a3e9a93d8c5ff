import type { Backend } from '../backend.js';

/** What people get who open an engine: the port, and what a doctor asks. Free of the client's own types. */
export interface DockerEngine extends Backend {
  /** Facts for a person who looks for what is wrong. */
  diagnose(): Promise<Diagnosis>;
}

/** What `doctor` tells of an engine beyond what a run needs. */
export interface Diagnosis {
  /** `unix:///var/run/docker.sock`, and the setting that says so. */
  readonly address: string;
  readonly origin: string;
  /** How many networks the address pools hold in all, and how many more now. */
  readonly networks: { readonly total: number; readonly free: number };
  readonly dockerRoot: string;
  readonly storageDriver: string;
  readonly cgroupVersion: string;
  /** Containers outlive a restart of the engine. */
  readonly liveRestore: boolean;
  readonly runtimes: readonly string[];
  /** The engine's own, such as "No swap limit support". */
  readonly warnings: readonly string[];
}
