/** @file The folders of the library as a tree with a search box: choosing a folder shows only its pictures. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { focusNext, Icon } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { foldersAbove, treeMove, visibleFolders, type FolderNode } from './folder-tree';

const strings = searchStrings.folders;
/** With more, searching by name is faster than looking. */
const SHOWN = 300;
/** With fewer folders there is no need to search. */
const FEW = 8;

export function FolderChooser(): JSX.Element | null {
  const { facets, finder } = useSearch();
  const folders = facets.value?.folders ?? [];
  const { filter } = finder.form.value;
  const chosen = filter.folder;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  const tree = useRef<HTMLUListElement>(null);
  // The first level, and the way to the chosen one.
  useEffect(() => {
    const tops = folders.filter(({ path }) => !path.includes('/')).map(({ path }) => path);
    const wanted = [...(tops.length === 1 ? tops : []), ...foldersAbove(chosen)];
    if (wanted.some((path) => !open.has(path))) setOpen(new Set([...open, ...wanted]));
  }, [facets.value, chosen]);
  if (folders.length < 2) return null;

  const all = visibleFolders(folders, { open, search });
  const nodes = all.slice(0, SHOWN);
  const at = Math.min(active, Math.max(0, nodes.length - 1));
  const choose = ({ path }: FolderNode) =>
    finder.change({ filter: { ...filter, folder: path === chosen ? '' : path } });
  const setOpenOf = ({ path }: FolderNode, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.add(path);
    else next.delete(path);
    setOpen(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = treeMove(nodes, at, event.key);
    if (!move) return;
    event.preventDefault();
    const node = nodes[at]!;
    if (move.kind === 'choose') return choose(node);
    if (move.kind !== 'focus') return setOpenOf(node, move.kind === 'open');
    setActive(move.to);
    focusNext(() => tree.current?.children[move.to] as HTMLElement);
  };
  return (
    <section class="folder-chooser" aria-label={strings.label}>
      {folders.length > FEW && (
        <input
          type="search"
          aria-label={strings.find}
          placeholder={strings.find}
          value={search}
          onInput={(event) => {
            setSearch(event.currentTarget.value);
            setActive(0);
          }}
        />
      )}
      <ul ref={tree} role="tree" class="folder-tree" aria-label={strings.label} onKeyDown={onKeyDown}>
        {nodes.map((node, i) => (
          <li
            key={node.path}
            role="treeitem"
            aria-level={node.level}
            aria-selected={node.path === chosen}
            {...(node.open !== null && { 'aria-expanded': node.open })}
            aria-label={strings.item(node.name, node.count)}
            tabIndex={i === at ? 0 : -1}
            style={{ paddingLeft: `${(node.level - 1) * 16}px` }}
            onClick={() => {
              setActive(i);
              choose(node);
            }}
          >
            <span
              class="twist"
              aria-hidden="true"
              onClick={(event) => {
                if (node.open === null) return;
                event.stopPropagation();
                setOpenOf(node, !node.open);
              }}
            >
              {node.open !== null && <Icon name="next" />}
            </span>
            <span class="folder-name" aria-hidden="true">
              {node.name}
            </span>
            <span class="quiet" aria-hidden="true">
              {searchStrings.number(node.count)}
            </span>
          </li>
        ))}
      </ul>
      <p class="quiet" role="status">
        {nodes.length === 0 ? strings.none : all.length > SHOWN ? strings.more(all.length - SHOWN) : ''}
      </p>
    </section>
  );
}
