/** Fluent's themes with our faces, chosen as the operating system says: light, dark, or the person's own contrast colours. */
import { teamsHighContrastTheme, webDarkTheme, webLightTheme, type Theme } from '@fluentui/react-components';
import { useSyncExternalStore } from 'react';

/** Open Sans stands in for Segoe UI where that is missing: same widths, so that nothing breaks differently there. */
const faces = {
  fontFamilyBase: "'Segoe UI Variable Text', 'Segoe UI', 'Open Sans', system-ui, sans-serif",
  fontFamilyMonospace: "'Cascadia Mono', Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono', monospace",
} as const;

/**
 * Fluent's warning is an orange that stands next to its red as if they were one. Ours is amber. In the dark its tints are so deep
 * that a list with many warnings glows: ours stay close to the page. Every pair has a contrast of 4.5 at least.
 */
const light: Theme = {
  ...webLightTheme,
  ...faces,
  colorStatusWarningForeground1: '#7a5200',
  colorStatusWarningForeground3: '#8a5a00',
  colorStatusWarningBackground1: '#fff6db',
};
const dark: Theme = {
  ...webDarkTheme,
  ...faces,
  colorStatusWarningForeground1: '#f0b955',
  colorStatusWarningForeground3: '#e9ae45',
  colorStatusWarningBackground1: '#392d17',
  colorStatusDangerForeground1: '#f27a85',
  colorStatusDangerBackground1: '#401c22',
  colorStatusSuccessForeground1: '#6cc96f',
  colorStatusSuccessBackground1: '#173519',
};
const contrast: Theme = { ...teamsHighContrastTheme, ...faces };

const darkWanted = matchMedia('(prefers-color-scheme: dark)');
const contrastWanted = matchMedia('(forced-colors: active)');

function subscribe(listener: () => void): () => void {
  darkWanted.addEventListener('change', listener);
  contrastWanted.addEventListener('change', listener);
  return () => {
    darkWanted.removeEventListener('change', listener);
    contrastWanted.removeEventListener('change', listener);
  };
}

function current(): Theme {
  if (contrastWanted.matches) return contrast;
  return darkWanted.matches ? dark : light;
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, current);
}
