/** @file A picture, or the part of it in a box. */
import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { inPixels, type Box } from './boxes';
import type { Picture as PictureData } from './state';

export interface PictureProps {
  picture: PictureData;
  box: Box | null;
  alt: string;
}

export function Picture({ picture, box, alt }: PictureProps): JSX.Element {
  if (box) return <Crop picture={picture} box={box} alt={alt} />;
  return <img src={picture.url} alt={alt} decoding="async" />;
}

const LONGEST = 160;

function Crop({ picture, box, alt }: { picture: PictureData; box: Box; alt: string }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isOver = false;
    void createImageBitmap(picture.blob).then(
      (whole) => {
        const { x, y, width, height } = inPixels(box, whole);
        const scale = Math.min(1, LONGEST / Math.max(width, height));
        if (!isOver && canvas.current) {
          canvas.current.width = Math.max(1, Math.round(width * scale));
          canvas.current.height = Math.max(1, Math.round(height * scale));
          const { width: w, height: h } = canvas.current;
          canvas.current.getContext('2d')?.drawImage(whole, x, y, width, height, 0, 0, w, h);
        }
        whole.close();
      },
      () => undefined, // a picture that cannot be read is reported where it is ranked
    );
    return () => (isOver = true);
  }, [picture, box.x, box.y, box.width, box.height]);
  return <canvas ref={canvas} role="img" aria-label={alt} />;
}
