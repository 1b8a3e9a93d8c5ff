// Two algorithms ("a": k nearest neighbours, "b": a random forest) over five folds of the Iris data: ten trials,
// and the service that gives all of them the data.
local uuid = 'UUID';  // stands for the id of the run
local image = 'combu-example/iris:1';

local loader = {
  name: 'loader',
  image: image,
  cmd: 'node src/loader.js',
  networks: ['simulation'],
  service: true,
  // The solvers start when this has passed once.
  healthcheck: {
    test: ['node', '-e', "fetch('http://127.0.0.1:8080/samples').then((r) => process.exit(r.ok ? 0 : 1))"],
  },
};

local solver(mode, id) = {
  name: 'solver-%s-%d' % [mode, id],
  image: image,
  cmd: 'make simulation ID=%d MODE=%s UUID=%s' % [id, mode, uuid],
  env: { LOADER: 'http://loader:8080' },
  params: { mode: mode, id: id },  // shown beside the accuracy
  networks: ['simulation'],
  depends: ['loader'],
};

{
  name: 'iris',
  trials: [loader] + [solver(mode, id) for mode in ['a', 'b'] for id in std.range(0, 4)],
}
