/** How many GPUs a trial asks for: a count, or every one of the machine. */
export type GpuCount = number | 'all';

/** What a trial asks for in its file; a field left out was not given, which is not the same as 0 (see Request). */
export interface Resources {
  /** CPUs, may be a fraction; 0 reserves and limits nothing. */
  readonly cpus: number | undefined;
  /** Bytes. */
  readonly memory: number | undefined;
  readonly gpus: GpuCount | undefined;
}

/** What admission reserves for one attempt. */
export interface Request {
  readonly cpus: number;
  /** Bytes; 0 where the trial gave none: it is then admitted only while the machine's available memory allows. */
  readonly memory: number;
  /** Whole devices. */
  readonly gpus: number;
}

export const NO_REQUEST: Request = { cpus: 0, memory: 0, gpus: 0 };

/** What the machine offers to runs, after what `--reserve-*` keeps free. */
export interface Capacity {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** UUIDs of whole GPUs, each for one attempt at a time. */
  readonly gpus: readonly string[];
}

/** What attempts hold at one moment: their requests added up, and the devices given out. */
export interface Usage {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: readonly string[];
}

export const NO_USAGE: Usage = { cpus: 0, memory: 0, gpus: [] };
