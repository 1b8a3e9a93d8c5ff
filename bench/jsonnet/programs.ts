import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is measured: experiments as people write them, then one thing at a time. */
export interface Program {
  readonly name: string;
  readonly what: string;
  readonly text: string;
  /** Files beside it. */
  readonly files?: Readonly<Record<string, string>>;
}

const experiment = (ids: number) => `{
  trials: [
    {
      name: 'solver-%s-%d' % [mode, id],
      image: 'registry.example.org/group/solver:latest',
      cmd: 'make simulation ID=%d MODE=%s UUID=%s' % [id, mode, 'UUID'],
      networks: ['simulation'],
      depends: ['loader'],
    }
    for id in std.range(1, ${ids})
    for mode in ['a', 'b']
  ] + [{ name: 'loader', image: 'registry.example.org/group/loader:latest' }],
}
`;

const records = JSON.stringify(
  Array.from({ length: 15_000 }, (_, id) => ({
    id,
    name: `name${id}`,
    tags: ['a', 'b', 'c'],
    value: { x: id * 1.5, y: null, z: true },
  })),
);

/** A chain of files: each imports the one before it, and has twenty functions. */
function library(count: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let i = 0; i < count; i++) {
    const before = i === 0 ? '{ v: 0 }' : `import 'm${i - 1}.libsonnet'`;
    const functions = Array.from(
      { length: 20 },
      (_, j) => `  f${j}(a, b=${j}):: local c = a + b; if c > ${j * 3} then [c, a] else { x: c, y: b },`,
    );
    files[`m${i}.libsonnet`] =
      `local before = ${before};\n{\n${functions.join('\n')}\n  v: before.v + 1,\n}\n`;
  }
  return files;
}

const IMPORTS = 300;

export const PROGRAMS: readonly Program[] = [
  { name: 'trials-1000', what: '1,000 trials made with %', text: experiment(500) },
  { name: 'trials-10000', what: '10,000 trials made with %', text: experiment(5000) },
  {
    name: 'recursion',
    what: 'deep and wide recursion',
    text: `local deep(n) = if n == 0 then 0 else 1 + deep(n - 1);
local fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2);
[deep(150), fib(22)]`,
  },
  {
    name: 'fold-string',
    what: 'std.foldl that builds a string of 20,000 parts',
    text: `std.length(std.foldl(function(text, i) text + 'line ' + i + '\\n', std.range(1, 20000), ''))`,
  },
  {
    name: 'sort',
    what: 'sorting 30,000 numbers, objects and strings',
    text: `local numbers = [(i * 7919) % 100003 for i in std.range(1, 30000)];
[
  std.sort(numbers)[0],
  std.sort([{ key: n } for n in numbers], function(o) o.key)[10].key,
  std.length(std.set([std.toString(n) for n in numbers])),
]`,
  },
  {
    name: 'fields',
    what: 'a comprehension that makes 100,000 fields',
    text: `local o = { ['k' + i]: i * 2 for i in std.range(1, 100000) }; std.length(o) + o.k77`,
  },
  {
    name: 'inheritance',
    what: 'chains of 150 and 3,000 objects added up',
    text: `local chain = std.foldl(function(a, i) a + { ['f' + i]: i, n+: 1, last: i }, std.range(1, 150), { n: 0 });
local many = std.foldl(function(a, i) a { ['f' + i]: i }, std.range(1, 3000), {});
[chain.n, chain.last, std.length(many), many.f1500, std.length(std.manifestJsonMinified(many))]`,
  },
  {
    name: 'base64',
    what: 'std.base64 of 1.2 MB, and back',
    text: `local s = std.repeat('hello world ', 100000); [std.length(std.base64(s)), std.base64Decode(std.base64(s)) == s]`,
  },
  {
    name: 'yaml',
    what: 'std.manifestYamlDoc of 1 MB',
    text: `std.length(std.manifestYamlDoc([
  { name: 'name' + i, list: std.range(1, 20), nested: { a: 'x', b: [true, null] } }
  for i in std.range(1, 5000)
]))`,
  },
  {
    name: 'parse-json',
    what: 'std.parseJson of 1.3 MB',
    text: `local d = std.parseJson(importstr 'records.json'); [std.length(d), d[77].value.x]`,
    files: { 'records.json': records },
  },
  {
    name: 'imports',
    what: `a library of ${IMPORTS} files`,
    text: `[\n${Array.from({ length: IMPORTS }, (_, i) => `(import 'm${i}.libsonnet').f3(${i}),`).join('\n')}\n]`,
    files: library(IMPORTS),
  },
];

/** Writes the programs, each into a folder of its own; returns the path of each. */
export function writePrograms(folder: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { name, text, files = {} } of PROGRAMS) {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const path = join(own, 'main.jsonnet');
    writeFileSync(path, text);
    for (const [file, contents] of Object.entries(files)) writeFileSync(join(own, file), contents);
    paths.set(name, path);
  }
  return paths;
}
