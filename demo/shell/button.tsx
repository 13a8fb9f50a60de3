/** @file Buttons: a main one, quiet ones, and icons with a label. */
import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icons';

type Native = Omit<JSX.IntrinsicElements['button'], 'class' | 'icon'>;

export interface ButtonProps extends Native {
  /**
   * `main`: the main action of the page, at most one at a time. `plain`: everything else. `danger`: what cannot be
   * undone.
   */
  kind?: 'main' | 'plain' | 'danger';
  icon?: IconName;
  children: ComponentChildren;
}

export function Button({ kind = 'plain', icon, children, type = 'button', ...rest }: ButtonProps): JSX.Element {
  return (
    <button type={type} class={`button ${kind}`} {...rest}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

export interface IconButtonProps extends Native {
  icon: IconName;
  /** What it does: its name for screen readers, and its tooltip. */
  label: string;
}

export function IconButton({ icon, label, type = 'button', ...rest }: IconButtonProps): JSX.Element {
  return (
    <button type={type} class="icon-button" aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
