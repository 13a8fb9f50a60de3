/**
 * @file A workaround for a bug in Chromium (seen in 156): a byte stream of a Blob without references is
 * garbage-collected although a read is pending, and the read never ends. ONNX Runtime's JSPI build reads weights
 * through such streams (`blob.slice(a, b).stream().getReader({ mode: 'byob' })`) and keeps only the reader, so that
 * whether a large model ever finished loading depended on when memory was collected.
 */

/** Makes the streams of the blob's slices live as long as the blob itself. Gives the same blob. */
export function pinStreams(blob: Blob): Blob {
  const streams: ReadableStream[] = [];
  blob.slice = (...range) => {
    const part = Blob.prototype.slice.apply(blob, range);
    part.stream = () => {
      const stream = Blob.prototype.stream.call(part);
      streams.push(stream);
      return stream;
    };
    return part;
  };
  return blob;
}
