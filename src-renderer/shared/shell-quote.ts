/**
 * A value as one argument on a command line. Single quotes mean the same to PowerShell and to a POSIX shell, but for a quote inside,
 * which no one way of writing serves both: a POSIX shell's is taken. Pure.
 */
export function quoteArgument(value: string): string {
  return /^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`;
}
