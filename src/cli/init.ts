import type { Register } from './command.js';
import { EXIT } from './errors.js';

const EXAMPLES = `
Examples:
  combu init my-experiment      a new project in the folder my-experiment
  combu init                    a new project in the current folder

Nothing that is there already is overwritten.
`;

export const register: Register = (program, context, finish) => {
  program
    .command('init')
    .description('make a new experiment project')
    .argument('[dir]', 'the project’s folder', '.')
    .addHelpText('after', EXAMPLES)
    .action(async (dir: string) => {
      const { initProject } = await import('./init/project.js');
      const { packageFolder } = await import('./package-folder.js');
      const { resolve } = await import('node:path');
      const made = await initProject(packageFolder('templates/project'), resolve(context.cwd, dir));
      for (const file of made.files) context.stdout.write(`${file}\n`);
      const enter = dir === '.' ? '' : `  cd ${dir}\n`;
      context.stderr.write(
        `\nThe project ${made.name} is there. Next:\n${enter}  make run-experiment    build its image, run its trials, print their results\n  make kill-experiment   stop and remove whatever is running\n`,
      );
      finish(EXIT.ok);
    });
};
