/** @file A file dialog behind what looks like a button; a label and an input, so that it works with every assistive tool. */
import type { ComponentChildren, JSX } from 'preact';

export interface FileButtonProps {
  children: ComponentChildren;
  onFiles: (files: File[]) => void;
  accept?: string;
  multiple?: boolean;
  /** The camera instead of a dialog, where there is one. */
  camera?: boolean;
  /** A folder instead of files. */
  folder?: boolean;
  class?: string;
  id?: string;
}

export function FileButton(props: FileButtonProps): JSX.Element {
  const { children, onFiles, accept, multiple, camera, folder, id } = props;
  return (
    <label class={`file-button ${props.class ?? 'button plain'}`}>
      <input
        id={id}
        type="file"
        class="visually-hidden"
        accept={accept}
        multiple={multiple}
        {...(folder ? { webkitdirectory: true } : {})}
        {...(camera ? { capture: 'environment' as const } : {})}
        onChange={(event) => {
          const input = event.currentTarget;
          const files = [...(input.files ?? [])];
          input.value = ''; // so that the same file can be chosen again
          if (files.length > 0) onFiles(files);
        }}
      />
      {children}
    </label>
  );
}
