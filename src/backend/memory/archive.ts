import { basename } from 'node:path/posix';
import { pack } from 'tar-stream';

/**
 * A tar of what lies at `path`, as an engine's archive call gives it: names begin with the path's last part.
 * undefined = nothing is there.
 */
export function archiveOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  path: string,
  emptyFolders: readonly string[] = [],
): AsyncIterable<Uint8Array> | undefined {
  const root = `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
  const below = root === '/' ? '/' : `${root}/`;
  const found = Object.entries(files).filter(([name]) => name === root || name.startsWith(below));
  if (found.length === 0 && !emptyFolders.includes(root)) return undefined;
  const tar = pack();
  const name = basename(root);
  if (found.every(([file]) => file !== root)) tar.entry({ name: `${name}/`, type: 'directory' });
  for (const [file, content] of found) {
    tar.entry({ name: `${name}${file.slice(root.length)}` }, Buffer.from(content));
  }
  tar.finalize();
  // The types of tar-stream know nothing of iteration; every readable stream has it.
  return tar as unknown as AsyncIterable<Uint8Array>;
}
