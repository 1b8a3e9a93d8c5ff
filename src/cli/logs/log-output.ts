import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { padEnd } from '../../report/text/width.js';
import { printableLine } from '../../util/printable.js';

/** Where one attempt's log goes, a piece at a time, in the form that was asked for. */
export interface LogOutput {
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing follows: an unfinished last line is written too. */
  end(): Promise<void>;
}

/**
 * - `bytes`: as the container wrote them, for a file or a pipe.
 * - `lines`: without control characters, for a terminal.
 * - `named`: likewise, each line after the trial's name, for several trials side by side.
 * - `json`: one object a line.
 */
export type LogForm = 'bytes' | 'lines' | 'named' | 'json';

/** How a log is labelled where it stands among others. */
export interface LogLabel {
  readonly trial: string;
  readonly attempt: number;
  /** Columns that all names take. */
  readonly columns: number;
  readonly paint: (text: string) => string;
}

export function logOutput(stream: Writable, form: LogForm, label: LogLabel): LogOutput {
  switch (form) {
    case 'bytes':
      return { write: (bytes) => put(stream, bytes), end: async () => {} };
    case 'lines':
      return lineOutput(stream, (line) => printableLine(line));
    case 'named': {
      const name = label.paint(`${padEnd(labelText(label.trial, label.attempt), label.columns)} |`);
      return lineOutput(stream, (line) => `${name} ${printableLine(line)}`);
    }
    case 'json': {
      const { trial, attempt } = label;
      return lineOutput(stream, (line) =>
        JSON.stringify({ schema: 'combu/log/v1', trial, attempt, line: line.replace(/\r$/, '') }),
      );
    }
  }
}

/** `solver`, and `solver.2` for its second attempt: as its log file is named. */
export function labelText(trial: string, attempt: number): string {
  return attempt > 1 ? `${trial}.${attempt}` : trial;
}

/** A line longer than this is handed on in pieces, so that a log without line ends can't fill the memory. */
const LONGEST_LINE = 64 * 1024;

function lineOutput(stream: Writable, format: (line: string) => string): LogOutput {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    async write(bytes) {
      const lines = (rest + decoder.write(bytes)).split('\n');
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) await put(stream, lines.map((line) => `${format(line)}\n`).join(''));
    },
    async end() {
      rest += decoder.end();
      if (rest !== '') await put(stream, `${format(rest)}\n`);
      rest = '';
    },
  };
}

/** Resolves when the stream takes more: a slow reader slows the reading down, whatever the log's size. */
async function put(stream: Writable, data: Uint8Array | string): Promise<void> {
  if (!stream.write(data)) await once(stream, 'drain');
}
