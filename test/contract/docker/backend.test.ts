import { homedir } from 'node:os';
import { openDocker } from '../../../src/backend/docker/open.js';
import { busyboxImage } from '../../rig/busybox-image.js';
import { backendContract } from '../backend.js';

backendContract(async () => ({
  backend: await openDocker({ env: process.env, home: homedir() }),
  image: await busyboxImage(),
  missingImage: 'combu-example/none:1',
}));
