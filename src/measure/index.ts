/** @file Measuring a model on this device: speed by stage, memory, agreement. */

export {
  CAPTION_COUNTS,
  measure,
  PICTURE_SIZES,
  type MeasurableModel,
  type MeasureOptions,
  type MeasureStep,
  type RungWish,
} from './measure';
export { captions, comparisonPicture, MOST_CAPTIONS } from './inputs';
export {
  measurePhotos,
  PHOTO_PIXELS,
  photoSizes,
  type PhotoMeasureOptions,
  type PhotoModel,
  type PhotoSize,
  type PhotoTime,
  type SizedInfo,
} from './photos';
export { repeat, type Patience, type Timed } from './repeat';
export type {
  Asked,
  Environment,
  Figure,
  Measured,
  MeasureReport,
  MemoryFigure,
  OtherFigures,
  RungFigures,
  Skipped,
  StageFigure,
} from './report';
export { rungsHere } from './rungs';
export * from './words';
