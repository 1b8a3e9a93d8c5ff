import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A folder of combu's own package, absolute: `packageFolder('templates')`. */
export function packageFolder(name: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('combu/package.json')), name);
}
