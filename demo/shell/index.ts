/**
 * @file The building blocks of pages: the frame, its parts, the model they work with, and the words for numbers and
 * errors.
 */
export { Button, IconButton } from './button';
export { Choice } from './choice';
export { Dialog } from './dialog';
export { DropVeil } from './drop-veil';
export { ErrorBox } from './error-box';
export { FileButton } from './file-button';
export { isDragging, watchFiles, type FileOrigin } from './files';
export { focusNext } from './focus';
export { Icon, type IconName } from './icons';
export { debounced, latest } from './latest';
export { ModelBar } from './model-bar';
export { ModelControl, nameOf, type DeviceWish, type LoadTimes, type ModelChoice } from './model-control';
export { mount } from './mount';
export { Page, type PageName } from './page';
export { addressOf, mayReach, otherSites } from './policy';
export { Progress } from './progress';
export { keepOffline, keepPlacesOffline } from './offline';
export { Select } from './select';
export { toast } from './toast';
export { useSeconds } from './use-seconds';
export { startConfined, startModelWorker, startModelWorkerEarly } from './worker';
export { bytesInWords, durationInWords, errorInWords, progressInWords, timeInWords, titleOf } from './words';
