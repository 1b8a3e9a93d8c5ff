/** The registry of images that name none. */
export const DOCKER_HUB = 'docker.io';

/** The registry that an image's reference names: its first part, if that looks like a host. */
export function registryOf(reference: string): string {
  const slash = reference.indexOf('/');
  const first = reference.slice(0, Math.max(slash, 0));
  const isHost = first === 'localhost' || first.includes('.') || first.includes(':');
  if (!isHost) return DOCKER_HUB;
  return first === 'index.docker.io' ? DOCKER_HUB : first;
}

/** With the tag `latest` where it has neither tag nor digest: the engine would else pull every tag. */
export function withTag(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? reference : `${reference}:latest`;
}
