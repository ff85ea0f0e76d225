/** What the demo says: numbered steps, the commands as a person would type them, and what came of each. */
const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const streamColours = /** @type {Record<string, number>} */ ({ Error: 31, Warning: 33, Verbose: 90, Debug: 90 });

/** @param {number} code @param {string} text */
const paint = (code, text) => (colours ? `\u001b[${String(code)}m${text}\u001b[0m` : text);
/** @param {string} text */
const write = (text) => process.stdout.write(`${text}\n`);

let steps = 0;

/** @param {string} text */
export function title(text) {
  write(`\n${paint(1, text)}\n`);
}

/** @param {string} text */
export function step(text) {
  steps += 1;
  write(`\n${paint(34, String(steps).padStart(2))}  ${paint(1, text)}`);
}

/** @param {string} text */
export function fact(text) {
  write(`    ${text}`);
}

/** The command that was run, so that the reader can do the same. @param {string} text */
export function command(text) {
  write(`    ${paint(90, `$ ${text}`)}`);
}

/** @param {{ time: string, stream: string, text: string }} record */
export function record({ time, stream, text }) {
  const clock = time.slice(11, 23);
  write(`    ${paint(90, clock)} ${paint(streamColours[stream] ?? 0, `${stream.padEnd(11)} ${text}`)}`);
}

/** @param {string} text */
export function done(text) {
  write(`    ${paint(32, '✓')} ${text}`);
}

/** @param {string} text */
export function failed(text) {
  write(`    ${paint(31, '✗')} ${text}`);
}
