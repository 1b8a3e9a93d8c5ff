import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../../src/backend/backend.js';
import { apiBelow, createOrder } from '../../../../src/backend/docker/container-options.js';
import { containerSpec } from '../../../contract/container-spec.js';

const engine = { apiVersion: '1.41', hasInit: true, logScale: 1 };

function optionsOf(differences: Partial<ContainerSpec>, traits = engine) {
  return createOrder(containerSpec({ name: 'solver', ...differences }), traits).options;
}

describe('the create options of a container', () => {
  it('are these, for one that uses everything', () => {
    const { options, furtherNetworks } = createOrder(
      {
        name: 'solver-1',
        image: 'sha256:abc',
        labels: { 'combu.run': 'r' },
        cmd: ['make', 'simulation'],
        entrypoint: ['/bin/sh', '-c'],
        env: { A: '1', B: 'x=y' },
        workdir: '/work',
        user: '1000:1000',
        ports: [
          { host: 8080, container: 80, protocol: 'tcp', address: '127.0.0.1' },
          { host: 0, container: 80, protocol: 'tcp', address: '0.0.0.0' },
          { host: 53, container: 53, protocol: 'udp', address: '127.0.0.1' },
        ],
        mounts: [
          { kind: 'folder', folder: '/srv/data', container: '/data', readonly: true },
          { kind: 'volume', volume: 'cache', container: '/cache', readonly: false },
        ],
        networks: ['id-1', 'id-2'],
        healthcheck: {
          test: ['CMD-SHELL', 'true'],
          interval: 1_000,
          timeout: 5_000,
          retries: 30,
          startPeriod: 250,
        },
        cpus: 1.5,
        cpuWeight: 512,
        memory: 2 ** 30,
        shm: 2 ** 26,
        init: true,
        pids: 4096,
        stopSignal: 'SIGINT',
        devices: ['GPU-1', 'GPU-2'],
        results: { kind: 'folder', folder: '/runs/1/results' },
      },
      engine,
    );
    expect(options).toEqual({
      name: 'solver-1',
      Image: 'sha256:abc',
      Labels: { 'combu.run': 'r' },
      Cmd: ['make', 'simulation'],
      Entrypoint: ['/bin/sh', '-c'],
      Env: ['A=1', 'B=x=y'],
      WorkingDir: '/work',
      User: '1000:1000',
      StopSignal: 'SIGINT',
      Healthcheck: {
        Test: ['CMD-SHELL', 'true'],
        Interval: 1_000_000_000,
        Timeout: 5_000_000_000,
        Retries: 30,
        StartPeriod: 250_000_000,
      },
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      NetworkingConfig: { EndpointsConfig: { 'id-1': {} } },
      HostConfig: {
        NetworkMode: 'id-1',
        LogConfig: { Type: 'json-file', Config: { 'max-size': '64m', 'max-file': '2' } },
        Mounts: [
          { Type: 'bind', Source: '/srv/data', Target: '/data', ReadOnly: true },
          { Type: 'volume', Source: 'cache', Target: '/cache', ReadOnly: false },
          { Type: 'bind', Source: '/runs/1/results', Target: '/combu/results', ReadOnly: false },
        ],
        PortBindings: {
          '80/tcp': [
            { HostIp: '127.0.0.1', HostPort: '8080' },
            { HostIp: '0.0.0.0', HostPort: '' },
          ],
          '53/udp': [{ HostIp: '127.0.0.1', HostPort: '53' }],
        },
        PidsLimit: 4096,
        ShmSize: 67_108_864,
        SecurityOpt: ['no-new-privileges'],
        Init: true,
        NanoCpus: 1_500_000_000,
        CpuShares: 512,
        Memory: 1_073_741_824,
        MemorySwap: 1_073_741_824,
        DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: ['GPU-1', 'GPU-2'], Capabilities: [['gpu']] }],
      },
    });
    expect(furtherNetworks).toEqual(['id-2']);
  });

  it('join all networks at once where the engine can', () => {
    const order = createOrder(containerSpec({ name: 'solver', networks: ['id-1', 'id-2'] }), {
      ...engine,
      apiVersion: '1.44',
    });
    expect(order.options.NetworkingConfig?.EndpointsConfig).toEqual({ 'id-1': {}, 'id-2': {} });
    expect(order.furtherNetworks).toEqual([]);
  });

  it.each(['bridge', 'host', 'none'])('have %s as a mode alone', (network) => {
    const options = optionsOf({ networks: [network] });
    expect(options.HostConfig?.NetworkMode).toBe(network);
    expect(options.NetworkingConfig).toBeUndefined();
  });

  it('limit nothing that was not asked for', () => {
    const { HostConfig } = optionsOf({ cpus: 0 });
    for (const limit of ['NanoCpus', 'CpuShares', 'Memory', 'MemorySwap', 'DeviceRequests']) {
      expect(HostConfig).not.toHaveProperty(limit);
    }
  });

  it('leave to the image what the trial does not say', () => {
    const options = optionsOf({});
    for (const field of ['Cmd', 'Entrypoint', 'WorkingDir', 'User', 'StopSignal', 'Healthcheck']) {
      expect(options).not.toHaveProperty(field);
    }
  });

  it("take the image's entrypoint away by an empty one", () => {
    expect(optionsOf({ entrypoint: [] }).Entrypoint).toEqual(['']);
  });

  it('tell a trial without GPUs that it has none, unless its env says otherwise', () => {
    expect(optionsOf({}).Env).toEqual(['NVIDIA_VISIBLE_DEVICES=void']);
    expect(optionsOf({ env: { NVIDIA_VISIBLE_DEVICES: 'all' } }).Env).toEqual(['NVIDIA_VISIBLE_DEVICES=all']);
    expect(optionsOf({ devices: ['GPU-1'] }).Env).toEqual([]);
  });

  it('ask for an init only where the engine has one', () => {
    expect(optionsOf({ init: true }, { ...engine, hasInit: false }).HostConfig).not.toHaveProperty('Init');
    expect(optionsOf({ init: false }).HostConfig?.Init).toBe(false);
  });

  it('scale the log, to no less than a mebibyte', () => {
    const sizeAt = (logScale: number) =>
      optionsOf({}, { ...engine, logScale }).HostConfig?.LogConfig?.Config?.['max-size'];
    expect(sizeAt(4)).toBe('256m');
    expect(sizeAt(0.001)).toBe('1m');
  });

  it('have an anonymous volume for results that no folder takes', () => {
    expect(optionsOf({ results: { kind: 'volume' } }).HostConfig?.Mounts).toEqual([
      { Type: 'volume', Target: '/combu/results', ReadOnly: false },
    ]);
  });
});

it('compares API versions by their numbers', () => {
  expect(apiBelow('1.9', '1.41')).toBe(true);
  expect(apiBelow('1.44', '1.44')).toBe(false);
  expect(apiBelow('1.51', '1.44')).toBe(false);
  expect(apiBelow('1.51', '2.0')).toBe(true);
});
