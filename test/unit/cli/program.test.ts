import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.js';
import { buildProgram } from '../../../src/cli/program.js';

describe('the command line as a whole', () => {
  it('leads with run and kill, and shows examples for every command', () => {
    let text = '';
    const context = { env: {}, stdout: { write: (part: string) => (text += part) } };
    const program = buildProgram(context as unknown as CliContext, () => {});
    program.outputHelp();
    const order = ['combu -f experiment.jsonnet run', 'combu -f experiment.jsonnet kill', 'Usage:'];
    const places = order.map((part) => text.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThanOrEqual(0);
    for (const command of program.commands) {
      text = '';
      command.outputHelp();
      expect(text, command.name()).toMatch(/Examples:\n {2}(source <\()?combu /);
      expect(command.description(), command.name()).not.toBe('');
    }
  });
});
