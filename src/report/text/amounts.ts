/** A count with its thousands apart: `10,000`. */
export function formatCount(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Cpus, which may be fractions: `7.5`, `0.25`, `8`. */
export function formatCpus(cpus: number): string {
  return trimZeros(cpus.toFixed(2));
}

/** `1 trial`, `412 trials`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
