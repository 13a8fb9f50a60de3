/** @file The search box: words, pictures beside them, and when to search. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { QueryImage } from '../../../src/search';
import { Button, FileButton, Icon, IconButton } from '../../shell';
import { searchStrings } from '../../strings/search';
import { Thumb } from '../parts/thumb';
import { useSearch } from '../state';
import type { PicturePart } from './form';

const strings = searchStrings.query;
/** After the last key, in milliseconds. */
const TYPING = 300;

export function QueryBar(): JSX.Element {
  const { finder, view } = useSearch();
  const { text, pictures } = finder.form.value;
  const box = useRef<HTMLInputElement>(null);
  const hasPicture = pictures.some(({ sign }) => sign === 'like');
  return (
    <>
      <form
        class="query"
        role="search"
        aria-label={strings.label}
        onSubmit={(event) => {
          event.preventDefault();
          // The map of places shows results, too.
          if (view.value !== 'places') view.value = 'pictures';
          finder.change({});
        }}
      >
        <div class="query-row">
          <div class="query-box">
            {pictures.length > 0 && (
              <ul class="parts" aria-label={strings.parts}>
                {pictures.map((part) => (
                  <Part key={part.key} part={part} onGone={() => box.current!.focus()} />
                ))}
              </ul>
            )}
            <input
              ref={box}
              id="query"
              type="search"
              aria-label={strings.box}
              aria-describedby="query-help"
              placeholder={hasPicture ? strings.withPicture : strings.placeholder}
              autoComplete="off"
              enterKeyHint="search"
              value={text}
              onInput={(event) => finder.change({ text: event.currentTarget.value }, TYPING)}
            />
          </div>
          <FileButton
            accept="image/*,.heic,.heif,.hif,.avif,.mpo"
            multiple
            onFiles={(files) => files.forEach((file) => finder.addPicture({ image: file, name: file.name }))}
          >
            <Icon name="image" />
            <span>{strings.picture}</span>
          </FileButton>
          <Button type="submit" kind="main" icon="search">
            {strings.go}
          </Button>
        </div>
      </form>
      <p id="query-help" class={text || hasPicture ? 'visually-hidden' : 'quiet query-help'}>
        {strings.help}
      </p>
    </>
  );
}

/** A picture to look for, or to stay away from. */
function Part({ part, onGone }: { part: PicturePart; onGone: () => void }): JSX.Element {
  const { finder } = useSearch();
  const { key, name, sign, image } = part;
  const replace = (next: PicturePart[]) =>
    finder.change({ pictures: finder.form.value.pictures.flatMap((each) => (each.key === key ? next : [each])) });
  return (
    <li class={`part ${sign}`}>
      <button
        type="button"
        class="part-sign"
        aria-label={strings.turn(name, sign)}
        title={strings.turn(name, sign)}
        onClick={() => replace([{ ...part, sign: sign === 'like' ? 'unlike' : 'like' }])}
      >
        <span aria-hidden="true">{sign === 'like' ? '+' : '−'}</span>
        <Preview image={image} />
      </button>
      <span class="part-name">{sign === 'like' ? strings.like(name) : strings.unlike(name)}</span>
      <IconButton
        icon="close"
        label={strings.remove(name)}
        onClick={() => {
          replace([]);
          onGone();
        }}
      />
    </li>
  );
}

function Preview({ image }: { image: QueryImage }): JSX.Element {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!(image instanceof Blob)) return;
    const made = URL.createObjectURL(image);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [image]);
  if (!(image instanceof Blob)) return <Thumb id={image.id} />;
  return url ? <img class="thumb cover" src={url} alt="" /> : <span class="thumb" />;
}
