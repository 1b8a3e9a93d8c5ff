/** Said of a network that the engine keeps although nothing is in it (see Backend.removeNetwork). */
export function stuckNetwork(name: string): string {
  return (
    `The engine keeps the network ${name}, although no container is in it any more: it has lost count of them. ` +
    'It can be removed after the engine was restarted (combu kill does it); another run can use it as it is.'
  );
}
