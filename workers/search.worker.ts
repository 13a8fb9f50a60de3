/** @file The worker that maintains a photo index: `src/search/library/photo-index.ts` starts it. */

import { expose } from 'comlink';
import { installErrorHandler } from '../src/remote/error-wire';
import { SearchService } from '../src/search/library/service';

installErrorHandler();
expose(new SearchService());
