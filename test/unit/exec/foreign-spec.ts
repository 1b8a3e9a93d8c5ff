import type { ContainerSpec } from '../../../src/backend/backend.js';
import { containerSpec } from '../../contract/container-spec.js';

/** A container that some other combu made. */
export const foreignSpec: ContainerSpec = containerSpec({ name: 'foreign', image: 'solver:1', networks: [] });
