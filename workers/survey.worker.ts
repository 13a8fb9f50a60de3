/** @file The worker that compares all pictures of an index: `src/search/library/survey.ts` starts it. */

import { expose } from 'comlink';
import { installErrorHandler } from '../src/remote/error-wire';
import { SurveyService } from '../src/search/survey/service';

installErrorHandler();
expose(new SurveyService());
