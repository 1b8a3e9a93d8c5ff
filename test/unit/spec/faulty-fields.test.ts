import { expect, it } from 'vitest';
import { problems } from './reading.js';

/** The fields of a trial beside its name and image, and every problem that they have: place, path, message and what to do. */
const FAULTY: readonly (readonly [fields: string, ...problems: string[]])[] = [
  ["command: 'x'", '1:34 [0].command: unknown field -> write `cmd`'],
  ["comand: 'x'", '1:34 [0].comand: unknown field -> write `cmd`'],
  ["graec: '1s'", '1:34 [0].graec: unknown field -> write `grace`'],
  ["iamge: 'x'", '1:34 [0].iamge: unknown field -> write `image`'],
  ["depends_on: ['x']", '1:34 [0].depends_on: unknown field -> write `depends: [...]`'],
  ['dependsOn: []', '1:34 [0].dependsOn: unknown field -> write `depends: [...]`'],
  ['volume: 1', '1:34 [0].volume: unknown field -> write `volumes: [{ host: ..., container: ... }]`'],
  ['cpus: 1', '1:34 [0].cpus: unknown field -> write `resources: { cpus: ... }`'],
  ['pull_policy: 1', '1:34 [0].pull_policy: unknown field -> write `pull`'],
  ['work_dir: 1', '1:34 [0].work_dir: unknown field -> write `workdir`'],
  [
    'zzz: 1',
    '1:34 [0].zzz: unknown field -> known fields are name, image, pull, cmd, entrypoint, env, workdir, user, labels, shm, init, pids, stopSignal, grace, params, ports, volumes, networks, depends, healthcheck, service, resources, timeout, stall, retries, outputs',
  ],
  ['Env: {}', '1:34 [0].Env: unknown field -> write `env`'],
  [
    'replicas: 3',
    '1:34 [0].replicas: unknown field -> write one trial for each, with a comprehension: `[{ name: "t-%d" % i, ... } for i in std.range(1, 3)]`',
  ],
  ["pull: 'alway'", '1:34 [0].pull: must be "missing" or "always" or "never", not "alway" -> write "always"'],
  [
    'cmd: 3',
    '1:34 [0].cmd: must be a string or an array of strings, not a number -> write "python main.py" or ["python", "main.py"]',
  ],
  ['cmd: []', '1:34 [0].cmd: is empty -> leave it out to run what the image says'],
  ["cmd: ''", '1:34 [0].cmd: is empty -> leave it out to run what the image says'],
  [
    `cmd: "echo 'x"`,
    '1:34 [0].cmd: the single quote at character 6 is not closed -> mend it, or write an array of words',
  ],
  [
    `cmd: 'echo "x'`,
    '1:34 [0].cmd: the double quote at character 6 is not closed -> mend it, or write an array of words',
  ],
  ["cmd: 'x\\\\'", '1:34 [0].cmd: a backslash stands at the end -> mend it, or write an array of words'],
  [
    "cmd: ['a', {}]",
    '1:45 [0].cmd[1]: must be a string, a number or a boolean, not an object -> turn it into text, with std.toString(...) or std.join(" ", ...)',
  ],
  ["cmd: ['a', null]", '1:45 [0].cmd[1]: must be a string, a number or a boolean, not null'],
  ['cmd: "a\\u0000"', '1:34 [0].cmd: holds a NUL character, which no program can be given'],
  [
    "env: ['A=1']",
    '1:34 [0].env: must be an object, not an array -> write env: { NAME: "value" } rather than "NAME=value" strings',
  ],
  [
    'env: { A: [1] }',
    '1:41 [0].env.A: must be a string, a number or a boolean, not an array -> turn it into text, with std.toString(...) or std.join(" ", ...)',
  ],
  [
    'env: { A: null }',
    "1:41 [0].env.A: is to be passed through, but is not set in combu's environment -> set it before you call combu: export A=...",
  ],
  ["env: { COMBU_RUN: 'x' }", '1:41 [0].env.COMBU_RUN: is set by combu -> choose another name'],
  [
    "env: { 'A=B': 'x' }",
    '1:41 [0].env["A=B"]: is no name of a variable -> use letters, digits, _ . and -, a digit not first',
  ],
  [
    "env: { A: std.repeat('x', 102401) }",
    '1:41 [0].env.A: is 102401 bytes long; at most 102400 (100 KiB) reach a program -> put it in a file and mount that with `volumes`',
  ],
  [
    "workdir: 'src'",
    '1:34 [0].workdir: must be an absolute path, not "src" -> begin it with a slash: "/src"',
  ],
  [
    "workdir: 'C:\\\\src'",
    '1:34 [0].workdir: is a Windows path: "C:\\\\src" -> write it as it is in the container, such as "/data"',
  ],
  ["user: ''", '1:34 [0].user: is empty'],
  ["user: 'a b'", '1:34 [0].user: is no user: "a b" -> write NAME, UID or UID:GID'],
  ['user: -1', '1:34 [0].user: must be a whole number, 0 or more, not -1'],
  [
    "labels: { 'combu.run': 'x' }",
    `1:44 [0].labels["combu.run"]: begins with combu., which are combu's own labels -> choose another name`,
  ],
  ['labels: []', '1:34 [0].labels: must be an object, not an array -> write labels: { NAME: "value" }'],
  ["shm: '1x'", '1:34 [0].shm: is no size: "1x" -> write "512m", "8g" or a number of bytes'],
  ['shm: 0', '1:34 [0].shm: must be more than 0 -> leave it out for the memory asked for, or 1 GiB'],
  ["init: 'true'", '1:34 [0].init: must be true or false, not a string -> leave the quotes out'],
  ['pids: 0', '1:34 [0].pids: must be a whole number, 1 or more, not 0'],
  ['pids: "8"', '1:34 [0].pids: must be a whole number, 1 or more, not "8" -> leave the quotes out: 8'],
  ["stopSignal: 'SIGTREM'", '1:34 [0].stopSignal: is no signal: "SIGTREM" -> write "SIGTERM"'],
  ["stopSignal: 'SIGFOO'", '1:34 [0].stopSignal: is no signal: "SIGFOO" -> write "SIGINT" or "SIGTERM"'],
  ["stopSignal: 'usr'", '1:34 [0].stopSignal: is no signal: "usr" -> write "SIGUSR1"'],
  [
    'stopSignal: 99',
    '1:34 [0].stopSignal: is no signal: 99 -> write "SIGINT" or "SIGTERM"; numbers are 1 to 64',
  ],
  ["grace: 'soon'", '1:34 [0].grace: is no duration: "soon" -> write "90s", "10m" or "1h30m"'],
  ["grace: '-1s'", '1:34 [0].grace: is no duration: "-1s" -> write "90s", "10m" or "1h30m"'],
  ['params: [1]', '1:34 [0].params: must be an object, not an array -> write params: { NAME: value }'],
  [
    "params: { x: std.repeat('x', 102400) }",
    '1:34 [0].params: are 102408 bytes of JSON; at most 102400 (100 KiB) reach a program -> put them in a file and mount that with `volumes`',
  ],
  ["ports: ['80:8080']", '1:42 [0].ports[0]: is no port: "80:8080" -> write { host: 80, container: 8080 }'],
  ['ports: 80', '1:34 [0].ports: must be an array of ports, not a number -> put it in brackets: [80]'],
  ['ports: [70000]', '1:42 [0].ports[0]: is no port: 70000 -> ports are 1 to 65535'],
  [
    'ports: [{ host: 80 }]',
    '1:42 [0].ports[0]: `container` is missing -> write { host: 8080, container: 80 }',
  ],
  [
    "ports: [{ host: '53/udp', container: 53 }]",
    '1:42 [0].ports[0]: host says udp, container says tcp -> name one protocol for both',
  ],
  [
    "ports: [{ container: 80, address: 'localhost' }]",
    '1:59 [0].ports[0].address: is no IP address: "localhost" -> write "127.0.0.1" for this machine alone, "0.0.0.0" for everybody',
  ],
  ['ports: [{ container: 0 }]', '1:44 [0].ports[0].container: is no port: 0 -> ports are 1 to 65535'],
  [
    'ports: [{ host: 80, container: 80 }, { host: 80, container: 81 }]',
    '1:71 [0].ports[1]: host port 80/tcp: this trial takes it already -> give each its own, or leave `host` out for any free port',
  ],
  ['ports: [{ container: 80, hostt: 1 }]', '1:59 [0].ports[0].hostt: unknown field -> write `host`'],
  [
    "ports: [80], networks: ['host']",
    '1:34 [0].ports: no port is published in the network "host" -> leave `ports` out: what listens there listens on the machine itself',
  ],
  [
    "volumes: ['./data:/data:ro']",
    '1:44 [0].volumes[0]: must be an object, not a string -> write { host: "./data", container: "/data", readonly: true }',
  ],
  [
    "volumes: [{ host: './nope', container: '/data' }]",
    '1:46 [0].volumes[0].host: is not there: /tmp/nope -> make the folder, or mend the path (relative ones begin at the experiment file)',
  ],
  [
    "volumes: [{ host: 'C:\\\\data', container: '/data' }]",
    '1:46 [0].volumes[0].host: is a Windows path: "C:\\\\data" -> write it as the engine sees it, such as "/mnt/c/data" or "./data"',
  ],
  [
    "volumes: [{ host: 'data/x', container: '/data' }]",
    `1:46 [0].volumes[0].host: is neither a folder nor a volume's name: "data/x" -> begin a folder with "./": "./data/x"`,
  ],
  [
    "volumes: [{ host: '/', container: 'data' }]",
    '1:57 [0].volumes[0].container: must be an absolute path, not "data" -> begin it with a slash: "/data"',
  ],
  [
    "volumes: [{ host: 'x', container: '/data' }]",
    '1:46 [0].volumes[0].host: is no name of a volume: "x" -> use two or more letters, digits, _ . and -; begin a folder with "/", "./", "../" or "~"',
  ],
  [
    "volumes: [{ host: '~joe/x', container: '/data' }]",
    `1:46 [0].volumes[0].host: names another user's home: "~joe/x" -> write the full path`,
  ],
  [
    "volumes: [{ host: 'cache', container: '/' }]",
    `1:61 [0].volumes[0].container: would cover the container's whole file system -> name a folder, such as "/data"`,
  ],
  [
    "volumes: [{ host: 'cache', container: '/combu/x' }]",
    "1:61 [0].volumes[0].container: lies in /combu, which is combu's own in every container -> choose another folder",
  ],
  [
    "volumes: [{ host: 'cache', container: '/x' }, { host: 'cache', container: '/x/' }]",
    '1:80 [0].volumes[1]: mounts a second thing at /x -> mount it elsewhere, or leave one out',
  ],
  [
    "volumes: [{ host: 'cache', container: '/x', readOnly: true }]",
    '1:78 [0].volumes[0].readOnly: unknown field -> write `readonly`',
  ],
  [
    "networks: 'sim'",
    '1:34 [0].networks: must be an array of names, not a string -> put it in brackets: ["sim"]',
  ],
  [
    "networks: ['host', 'sim']",
    `1:34 [0].networks: joins "host" beside others -> "host" is the engine's own and stands alone: leave it or the others out`,
  ],
  ["networks: ['sim', 'sim']", '1:52 [0].networks[1]: is listed twice: "sim" -> leave one out'],
  [
    "networks: ['a b']",
    '1:45 [0].networks[0]: is no name of a network: "a b" -> use letters, digits, _ . and -',
  ],
  [
    "networks: ['container:x']",
    `1:45 [0].networks[0]: is no name of a network: "container:x" -> a trial can't share another's network: let both join one by name`,
  ],
  [
    "networks: ['default']",
    '1:45 [0].networks[0]: "default" is no network of its own -> write "bridge", or leave `networks` out',
  ],
  [
    'ports: { container: 80 }',
    '1:34 [0].ports: must be an array of ports, not an object -> put it in brackets: [{ ... }]',
  ],
  ['depends: true', '1:34 [0].depends: must be an array of names, not a boolean'],
  ['depends: 3', '1:34 [0].depends: must be an array of names, not a number'],
  ["depends: ''", '1:34 [0].depends: must be an array of names, not a string'],
  [
    'networks: { sim: {}, other: {} }',
    '1:34 [0].networks: must be an array of names, not an object -> write ["other", "sim"]',
  ],
  [
    'outputs: { path: "x" }',
    '1:34 [0].outputs: must be an array of paths, not an object -> put it in brackets: [{ ... }]',
  ],
  [
    "volumes: './data:/data'",
    '1:34 [0].volumes: must be an array of { host, container }, not a string -> write [{ host: "./data", container: "/data" }]',
  ],
  ['volumes: 5', '1:34 [0].volumes: must be an array of { host, container }, not a number'],
  ['retries: { max: 1, on: {} }', '1:53 [0].retries.on: must be an array of causes, not an object'],
  [
    "workdir: '~/x'",
    '1:34 [0].workdir: begins with ~: "~/x" -> write the full path in the container, such as "/root/x"',
  ],
  [
    'keep: 1',
    '1:34 [0].keep: unknown field -> it belongs to the experiment as a whole: { keep: ..., trials: [...] }',
  ],
  [
    'paralellism: 1',
    '1:34 [0].paralellism: unknown field -> it belongs to the experiment as a whole: { parallelism: ..., trials: [...] }',
  ],
  ["depends: 'x'", '1:34 [0].depends: must be an array of names, not a string -> put it in brackets: ["x"]'],
  [
    "depends: { loader: { condition: 'service_healthy' } }",
    '1:34 [0].depends: must be an array of names, not an object -> write depends: ["loader"]',
  ],
  [
    "depends: ['ab']",
    '1:44 [0].depends[0]: "ab" cannot depend on itself -> leave it out; where it comes from `defaults`, write `depends: []` in that trial',
  ],
  [
    "depends: ['abc']",
    '1:44 [0].depends[0]: there is no trial "abc" -> name another trial of this experiment',
  ],
  [
    "depends: [{ name: 'x', condition: 'service_healthy' }]",
    '1:44 [0].depends[0]: there is no trial "x" -> name another trial of this experiment',
    '1:57 [0].depends[0].condition: unknown condition "service_healthy" -> write "healthy"',
  ],
  [
    'depends: [3]',
    `1:44 [0].depends[0]: must be a trial's name, not a number -> write "NAME" or { name: "NAME", condition: "completed" }`,
  ],
  [
    "depends: [{ condition: 'started' }]",
    '1:44 [0].depends[0]: `name` is missing -> write { name: "NAME", condition: "completed" }',
  ],
  [
    "healthcheck: 'curl x'",
    '1:34 [0].healthcheck: must be an object, not a string -> write healthcheck: { test: "curl -f http://localhost:8080" }',
  ],
  [
    "healthcheck: { test: ['CMD', 'x'] }",
    '1:49 [0].healthcheck.test: begins with "CMD" -> leave that word out: an array is run without a shell',
  ],
  [
    "healthcheck: { test: ['CMD-SHELL', 'x'] }",
    '1:49 [0].healthcheck.test: begins with "CMD-SHELL" -> write the command as a string: "x"',
  ],
  [
    "healthcheck: { start_period: '1s' }",
    '1:34 [0].healthcheck: `test` is missing -> write healthcheck: { test: "curl -f http://localhost:8080" }',
    '1:49 [0].healthcheck.start_period: unknown field -> write `startPeriod`',
  ],
  [
    "healthcheck: { test: 'x', interval: 0 }",
    '1:60 [0].healthcheck.interval: must be longer than 0 -> give more, or leave it out',
  ],
  [
    'healthcheck: { test: "a\\u0000" }',
    '1:49 [0].healthcheck.test: holds a NUL character, which no program can be given',
  ],
  [
    'healthcheck: { test: [] }',
    '1:49 [0].healthcheck.test: is empty -> write the command that shows that it is ready',
  ],
  ['service: 1', '1:34 [0].service: must be true or false, not a number'],
  [
    'resources: 1',
    '1:34 [0].resources: must be an object, not a number -> write resources: { cpus: 1, memory: "2g" }',
  ],
  ['resources: { cpu: 1 }', '1:47 [0].resources.cpu: unknown field -> write `cpus`'],
  [
    "resources: { cpus: '2' }",
    '1:47 [0].resources.cpus: must be a number, 0 or more, not "2" -> leave the quotes out: 2',
  ],
  ['resources: { cpus: -1 }', '1:47 [0].resources.cpus: must be a number, 0 or more, not -1'],
  [
    'resources: { cpus: 0.001 }',
    '1:47 [0].resources.cpus: is too small: 0.001 -> give 0.01 or more, or 0 to reserve and limit nothing',
  ],
  [
    'resources: { memory: 8 }',
    '1:47 [0].resources.memory: is too small: 8 B; the engine refuses less than 6 MiB -> a number alone is bytes: write "8g" or "8m"',
  ],
  [
    "resources: { memory: '1k' }",
    '1:47 [0].resources.memory: is too small: 1 KiB; the engine refuses less than 6 MiB -> give more, or leave it out for no limit',
  ],
  [
    "resources: { memory: '8 gigs' }",
    '1:47 [0].resources.memory: is no size: "8 gigs" -> write "512m", "8g" or a number of bytes',
  ],
  [
    'resources: { gpus: 0.5 }',
    '1:47 [0].resources.gpus: must be a whole number or "all", not 0.5 -> a device belongs to one trial at a time: give a whole number',
  ],
  [
    "resources: { gpus: '1' }",
    '1:47 [0].resources.gpus: must be a whole number or "all", not "1" -> leave the quotes out: 1',
  ],
  ["resources: { gpus: 'some' }", '1:47 [0].resources.gpus: must be a whole number or "all", not "some"'],
  ['timeout: 0', '1:34 [0].timeout: must be longer than 0 -> give more, or leave it out'],
  [
    "stall: '500ms'",
    '1:34 [0].stall: must be 1s or longer, not "500ms" -> write stall: "30m", or leave it out',
  ],
  [
    "service: true, stall: '30m'",
    '1:49 [0].stall: means nothing to a service, which does nothing while nobody asks it -> leave it out; or leave `service: true` out, if the trial ends by itself',
  ],
  ["stall: 'never'", '1:34 [0].stall: is no duration: "never" -> write "90s", "10m" or "1h30m"'],
  ["timeout: '1m1h'", '1:34 [0].timeout: is no duration: "1m1h" -> write "90s", "10m" or "1h30m"'],
  ['retries: -1', '1:34 [0].retries: must be a whole number, 0 or more, not -1'],
  [
    "retries: 'x'",
    '1:34 [0].retries: must be a number or an object, not a string -> write retries: 2 or retries: { max: 2, on: ["oom"] }',
  ],
  [
    'retries: { on: ["ooms"] }',
    '1:34 [0].retries: `max` is missing -> write retries: { max: 2, ... }',
    '1:50 [0].retries.on[0]: must be "oom" or "timeout" or "exit", not "ooms" -> write "oom"',
  ],
  [
    'retries: { max: 1, memoryFactor: 0.5 }',
    '1:53 [0].retries.memoryFactor: must be a number, 1 or more, not 0.5',
  ],
  [
    'retries: { max: 1, on: [] }',
    '1:53 [0].retries.on: is empty -> leave it out for all three: "oom", "timeout", "exit"',
  ],
  [
    "retries: { max: 1, backoff: 'x' }",
    '1:53 [0].retries.backoff: is no duration: "x" -> write "90s", "10m" or "1h30m"',
  ],
  [
    "outputs: 'out'",
    '1:34 [0].outputs: must be an array of paths, not a string -> put it in brackets: ["out"]',
  ],
  ["outputs: ['out', 'out/']", '1:51 [0].outputs[1]: is listed twice: "out" -> leave one out'],
  [
    "outputs: ['/a/x.json', '/b/x.json']",
    '1:57 [0].outputs[1]: would land where "/a/x.json" lands in the results folder: x.json -> give one another name, or name the folder that holds both',
  ],
  [
    "outputs: ['x', '/b/x']",
    '1:49 [0].outputs[1]: would land where "x" lands in the results folder: x -> give one another name, or name the folder that holds both',
  ],
  [
    "outputs: ['*/x']",
    '1:44 [0].outputs[0]: has a pattern before its last part: "*/x" -> name the folder itself, or use * in the last part only',
  ],
  ["outputs: ['../x']", '1:44 [0].outputs[0]: holds "..": "../x" -> write an absolute path'],
  [
    "outputs: ['/']",
    '1:44 [0].outputs[0]: names no file or folder: "/" -> name what is to be kept, such as "out"',
  ],
  [
    "outputs: ['~/x']",
    '1:44 [0].outputs[0]: begins with ~: "~/x" -> write the full path in the container, such as "/root/out"',
  ],
  [
    "outputs: [{ path: 'x', required: true }]",
    '1:57 [0].outputs[0].required: unknown field -> known fields are path, optional',
  ],
  [
    'outputs: [1]',
    '1:44 [0].outputs[0]: must be a path, not a number -> write "out/result.json" or { path: "out/result.json", optional: true }',
  ],
];

it.each(FAULTY)('tells what is wrong with %s', (fields, ...expected) => {
  expect(problems(`[{ name: 'ab', image: 'busybox', ${fields} }]`)).toEqual(expected);
});
