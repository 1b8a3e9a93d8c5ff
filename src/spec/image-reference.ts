import type { Node } from './node.js';
import { text, written } from './values.js';

/** Grammar of an image reference, as registries have it: [host[:port]/]path[:tag][@digest]. */
const HOST =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?';
const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?:(?:${HOST}/)?${PART}(?:/${PART})*(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?|sha256:[0-9a-f]{64})$`,
);

/** An image's reference, or a local image's id. */
export function readImage(node: Node): string | undefined {
  const image = text(node);
  if (image === undefined || REFERENCE.test(image)) return image;
  if (image !== image.trim()) return node.fail(`has blanks around it: ${written(image)}`, 'leave them out');
  if (/^https?:\/\//.test(image)) {
    return node.fail(`is an address: ${written(image)}`, `leave the "${image.split('//')[0]}//" out`);
  }
  const lower = image.toLowerCase();
  if (REFERENCE.test(lower))
    return node.fail(
      `is no image: ${written(image)}: only its tag may hold capital letters`,
      `write "${lower}"`,
    );
  return node.fail(
    `is no image: ${written(image)}`,
    'write NAME, NAME:TAG or REGISTRY/NAME:TAG, such as "python:3.12-slim"',
  );
}
