/** @file A small exported photo index. */
import { archiveBlob, SectionWriter } from '../../src/search/library/archive';

export async function anArchive(): Promise<Uint8Array> {
  const section = async (name: 'rows' | 'vectors' | 'thumbnails', content: string) => {
    const writer = await SectionWriter.create();
    writer.write(new TextEncoder().encode(content));
    return writer.finish(name);
  };
  const blob = archiveBlob(
    { modelId: 'm', modelName: null, dims: 8 },
    {
      rows: await section('rows', '{"folders":[],"files":[]}'),
      vectors: await section('vectors', 'abcdef'),
      thumbnails: await section('thumbnails', 'x'),
    },
  );
  return new Uint8Array(await blob.arrayBuffer());
}
