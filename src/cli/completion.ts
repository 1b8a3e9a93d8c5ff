import { Argument } from 'commander';
import type { Register } from './command.js';
import { EXIT } from './errors.js';

const EXAMPLES = `
Examples:
  source <(combu completion bash)                                      in ~/.bashrc
  combu completion zsh > "\${fpath[1]}/_combu"                          then start zsh anew
  combu completion fish > ~/.config/fish/completions/combu.fish
`;

export const register: Register = (program, context, finish) => {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('./completion/scripts.js');
      const { describeTree } = await import('./completion/tree.js');
      context.stdout.write(completionScript(shell, describeTree(program)));
      finish(EXIT.ok);
    });
};
