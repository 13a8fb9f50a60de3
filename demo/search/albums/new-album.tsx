/** @file A field for the name of a new album, or for a new name. Errors are shown below. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Button, errorInWords } from '../../shell';

export interface AlbumNameProps {
  label: string;
  /** Of the button. */
  action: string;
  placeholder?: string;
  /** @default empty */
  start?: string;
  /** If it rejects, the error is shown; otherwise the field is cleared. */
  onName: (name: string) => Promise<void>;
}

export function AlbumName({ label, action, placeholder, start = '', onName }: AlbumNameProps): JSX.Element {
  const [name, setName] = useState(start);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();
  const submit = async () => {
    try {
      await onName(name);
      setName('');
      setProblem(null);
    } catch (error) {
      setProblem(errorInWords(error).replace(/^name: /, ''));
    }
  };
  return (
    <form
      class="album-name"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        maxLength={100}
        autocomplete="off"
        placeholder={placeholder}
        value={name}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-problem`}
        onInput={(event) => {
          setName(event.currentTarget.value);
          setProblem(null);
        }}
      />
      <Button type="submit" disabled={name.trim() === ''}>
        {action}
      </Button>
      <p id={`${id}-problem`} class="field-problem" role="status">
        {problem}
      </p>
    </form>
  );
}
