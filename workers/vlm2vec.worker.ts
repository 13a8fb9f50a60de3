/** @file The worker that runs a model: `embedder.ts` starts it and talks to it through comlink. */

import { expose } from 'comlink';
import { installErrorHandler } from '../src/remote/error-wire';
import { WorkerService } from '../src/backend/worker-service';

installErrorHandler();
expose(new WorkerService());
