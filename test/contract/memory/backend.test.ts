import { MemoryBackend, memoryImage } from '../../../src/backend/memory/memory-backend.js';
import { systemClock } from '../../../src/util/clock.js';
import { backendContract } from '../backend.js';
import { scriptOf } from '../programs.js';

const image = 'combu-example/busybox:1';

backendContract(async () => {
  const backend = new MemoryBackend(systemClock, {
    images: new Map([[image, memoryImage(image)]]),
    director: scriptOf,
    gpus: ['GPU-1', 'GPU-2'],
  });
  return { backend, image, missingImage: 'combu-example/none:1' };
});
