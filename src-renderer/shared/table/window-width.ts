/** Steps of the window's width. Pure. */
const steps = ['tiny', 'narrow', 'middle', 'wide', 'usual', 'very-wide', 'widest', 'huge'] as const;
export type WindowWidth = (typeof steps)[number];

export function isAtLeast(width: WindowWidth, least: WindowWidth): boolean {
  return steps.indexOf(width) >= steps.indexOf(least);
}
