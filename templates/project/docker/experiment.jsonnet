// Two ways to estimate pi, five trials of each.
local uuid = 'UUID';  // stands for the id of the run

local trial(mode, id) = {
  name: 'project-name-%s-%d' % [mode, id],
  image: 'project-name:1',
  cmd: 'make simulation ID=%d MODE=%s UUID=%s' % [id, mode, uuid],
  params: { mode: mode, id: id },  // shown beside the results
  // resources: { cpus: 1, memory: '512m' },  // as many trials run at once as the machine can hold
  // timeout: '10m',
  // retries: 2,
};

{
  name: 'project-name',
  trials: [trial(mode, id) for mode in ['a', 'b'] for id in std.range(0, 4)],
}
