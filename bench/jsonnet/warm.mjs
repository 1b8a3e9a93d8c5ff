// Evaluates a file again and again in one process: prints the milliseconds of each round.
import { evaluateFile } from '../../dist/jsonnet/index.js';

const [file, rounds] = process.argv.slice(2);
for (let i = 0; i < Number(rounds); i++) {
  const began = performance.now();
  evaluateFile(file).json();
  console.log(performance.now() - began);
}
