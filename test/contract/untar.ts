import { Readable } from 'node:stream';
import { extract } from 'tar-stream';

/** The files of a tar, by name. */
export async function untar(bytes: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on('data', (part) => parts.push(part as Buffer));
    stream.on('end', () => {
      if (header.type === 'file') files[header.name] = Buffer.concat(parts).toString();
      next();
    });
  });
  await new Promise<void>((resolve, reject) => {
    reader.on('finish', () => resolve());
    reader.on('error', reject);
    Readable.from(bytes).on('error', reject).pipe(reader);
  });
  return files;
}
