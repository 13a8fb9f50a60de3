/**
 * @file Checks the options that a command must have, but after everything else, so that a mistyped option is named as
 * such.
 */

import type { Command } from 'commander';

/**
 * Commander looks for required options before unknown ones: for `--mdel nano` it would say that `--model` is missing.
 * Here that comes last. It would also demand a command's options from its subcommands, which have their own here.
 */
export function requireLast(root: Command): void {
  const required = new Map<Command, string[]>();
  const visit = (command: Command) => {
    const options = command.options.filter(({ mandatory }) => mandatory);
    required.set(
      command,
      options.map((option) => option.flags),
    );
    for (const option of options) option.mandatory = false;
    for (const each of command.commands) visit(each);
  };
  visit(root);
  root.hook('preAction', (_root, command) => {
    for (const flags of required.get(command) ?? []) {
      const option = command.options.find((each) => each.flags === flags)!;
      if (command.getOptionValue(option.attributeName()) !== undefined) continue;
      command.error(`error: required option '${flags}' not specified`, {
        code: 'commander.missingMandatoryOptionValue',
      });
    }
  });
}
