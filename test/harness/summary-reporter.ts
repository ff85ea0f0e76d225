/** Writes what `npm test` adds up: how many tests passed, which failed, which needed a second try, and why the skipped ones were skipped. */
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

interface NamedReason {
  name: string;
  reason: string;
}

function firstLine(errors: readonly { message: string }[]): string {
  return errors[0]?.message.split('\n', 1)[0] ?? '';
}

export class SummaryReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    const failed: NamedReason[] = [];
    const secondTry: NamedReason[] = [];
    const skipped: NamedReason[] = [];
    const fail = (name: string, errors: readonly SerializedError[]): void => {
      failed.push({ name, reason: firstLine(errors) });
    };
    for (const error of unhandledErrors) fail('outside of a test', [error]);
    for (const module of modules) {
      const file = path.basename(module.moduleId);
      // A file that could not even be loaded has no tests to count; it counts as one that failed.
      if (module.errors().length > 0) fail(file, module.errors());
      for (const test of module.children.allTests()) {
        const result = test.result();
        const name = `${file} > ${test.fullName}`;
        if (result.state === 'passed') {
          passed += 1;
          if (test.diagnostic()?.flaky === true) secondTry.push({ name, reason: firstLine(result.errors ?? []) });
        } else if (result.state === 'failed') fail(name, result.errors);
        // An unwritten test must not look like a lacking runtime.
        else if (test.options.mode === 'todo') fail(name, [{ message: 'not written' }]);
        else skipped.push({ name: test.fullName, reason: reasonOf(test) });
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) fail(`${file} > ${suite.fullName}`, suite.errors());
      }
    }
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify({ passed, failed, secondTry, skipped }));
  }
}
