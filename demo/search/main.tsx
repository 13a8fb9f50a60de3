/** @file The search page. */
import { ModelBar, ModelControl, mount, Page } from '../shell';
import { searchStrings as strings } from '../strings/search';

const control = new ModelControl();

mount(
  <Page current="search" title={strings.title} lead={strings.lead}>
    <ModelBar control={control} />
  </Page>,
);
void control.start(new URLSearchParams(location.search));
