/** @file The frame of every page: name, navigation, theme, the content, and which sites the page may contact. */
import type { ComponentChildren, JSX } from 'preact';
import { shellStrings as strings } from '../strings/shell';
import { IconButton } from './button';
import { Icon } from './icons';
import { otherSites } from './policy';
import { setTheme, theme, THEMES } from './theme';
import { Toasts } from './toast';

export type PageName = keyof typeof strings.pages;

const ADDRESSES: Record<PageName, string> = { rank: './', search: 'search.html', models: 'models.html' };

/** Written beside the pages by `npm run docs`. */
const DOCUMENTS = 'docs/index.html';

export interface PageProps {
  current: PageName;
  /** The page's heading. */
  title: string;
  /** Whether the heading is for screen readers only: the main content needs the room. */
  hideTitle?: boolean;
  /** A sentence below it. */
  lead?: ComponentChildren;
  /** Whether heading and sentence are kept small, to leave the first screen to the content. */
  compact?: boolean;
  children: ComponentChildren;
}

export function Page({ current, title, hideTitle, lead, compact, children }: PageProps): JSX.Element {
  const sites = otherSites().map((site) => site.replace(/^\w+:\/\//, ''));
  return (
    <>
      <a class="skip" href="#content">
        {strings.skip}
      </a>
      <header class="masthead">
        <a class="wordmark" href="./">
          <span class="ramp" aria-hidden="true" />
          <strong>{strings.siteName}</strong> <span>{strings.siteTagline}</span>
        </a>
        <nav aria-label={strings.nav}>
          {Object.entries(strings.pages).map(([name, label]) => (
            <a
              key={name}
              href={ADDRESSES[name as PageName]}
              {...(name === current ? { 'aria-current': 'page' as const } : {})}
            >
              {label}
            </a>
          ))}
          <a class="if-wide" href={DOCUMENTS}>
            {strings.documents}
          </a>
        </nav>
        <ThemeButton />
      </header>
      <main id="content" tabIndex={-1}>
        <div class={hideTitle ? 'visually-hidden' : compact ? 'title compact' : 'title'}>
          <h1>{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {children}
      </main>
      <footer class="colophon">
        <p>
          <Icon name="lock" /> {sites.length > 0 ? strings.privacyReach(sites) : strings.privacyLong}
        </p>
        <a href={DOCUMENTS}>{strings.documents}</a>
        <a href="licenses.txt">{strings.licences}</a>
      </footer>
      <Toasts />
    </>
  );
}

function ThemeButton(): JSX.Element {
  const now = theme.value;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]!;
  return <IconButton icon={now} label={strings.theme.title(strings.theme.names[now])} onClick={() => setTheme(next)} />;
}
