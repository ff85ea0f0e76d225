/** Writes what `npm test` adds up: how many tests passed and failed, and why the skipped ones were skipped. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state !== 'skipped') return 'was not run';
  if (result.note !== undefined) return result.note;
  const around = [test.parent, test.module];
  return around.some((one) => one.errors().length > 0) ? 'what its group does beforehand failed' : '';
}

export class SummaryReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    // A file that could not even be loaded has no tests to count; it counts as one that failed.
    let failed = unhandledErrors.length + modules.filter((module) => module.errors().length > 0).length;
    const skipped: { name: string; reason: string }[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else if (test.options.mode === 'todo')
          failed += 1; // An unwritten test must not look like a lacking runtime.
        else skipped.push({ name: test.fullName, reason: reasonOf(test) });
      }
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
    }
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify({ passed, failed, skipped }));
  }
}
