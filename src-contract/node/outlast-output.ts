/**
 * For programs that live long: whoever reads what they say may go (a closed pipe), and a file that it goes to may have no room. Neither is a
 * reason to end; what is said there from then on is lost, and stands in the program's own log.
 */
export function outlastOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
