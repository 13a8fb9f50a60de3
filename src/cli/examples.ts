/** @file The end of a command's help: commands to copy. A test runs them all. */

/** @param commands as one types them in a shell */
export function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ ${command}\n`).join('')}`;
}
