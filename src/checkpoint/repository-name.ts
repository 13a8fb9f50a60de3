/** @file Names of Hub repositories, as people write them: `owner/name` or `owner/name@revision`. */

const NAME = /^(?<repo>[\w.-]+\/[\w.-]+)(?:@(?<revision>[\w.-]+(?:\/[\w.-]+)*))?$/;

export interface RepositoryName {
  repo: string;
  /** Branch, tag or commit. */
  revision?: string;
}

/** Null for anything else, such as a path or a URL. */
export function parseRepository(text: string): RepositoryName | null {
  const { repo, revision } = NAME.exec(text)?.groups ?? {};
  return repo === undefined ? null : { repo, ...(revision === undefined ? {} : { revision }) };
}
