import { expect, it } from 'vitest';
import { registryOf, withTag } from '../../../../src/backend/docker/reference.js';

it.each([
  ['busybox', 'docker.io', 'busybox:latest'],
  ['me/solver:2', 'docker.io', 'me/solver:2'],
  ['lab.example.org/me/solver', 'lab.example.org', 'lab.example.org/me/solver:latest'],
  ['lab:5000/solver', 'lab:5000', 'lab:5000/solver:latest'],
  ['localhost/solver:1', 'localhost', 'localhost/solver:1'],
  ['docker.io/library/busybox', 'docker.io', 'docker.io/library/busybox:latest'],
  ['index.docker.io/library/busybox', 'docker.io', 'index.docker.io/library/busybox:latest'],
  ['lab:5000/solver@sha256:abc', 'lab:5000', 'lab:5000/solver@sha256:abc'],
])('%s is of the registry %s, and pulled as %s', (reference, registry, pulled) => {
  expect(registryOf(reference)).toBe(registry);
  expect(withTag(reference)).toBe(pulled);
});
