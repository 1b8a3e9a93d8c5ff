import { createRequire } from 'node:module';

/** combu's own version, from its package. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('combu/package.json');
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return 'unknown';
}
