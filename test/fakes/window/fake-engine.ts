/**
 * A fake worker that runs elsewhere: behind the real control channel, with the real keys, addresses and roles, in another process than the
 * application (the test's own). What a window may ask of it, the channel says, as it does for a real worker.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { engineCalls, mayActAs, role as roleShape, type EngineCallName, type Role } from '../../../src-contract/engine-calls.ts';
import { serveControl, type ControlServer } from '../../../src-main/control/control-server.ts';
import { answerEngineCall, type EngineHandlers } from '../../../src-main/control/engine-answers.ts';
import { dataLayout } from '../../../src-main/storage/layout.ts';
import { FakeWorker, type Scenario } from './fake-worker.ts';

export interface FakeEngineOptions {
  dataFolder: string;
  scenario: Scenario;
  /** The highest role that whoever comes is admitted to. */
  role: Role;
}

export class FakeEngine {
  readonly worker: FakeWorker;
  /** Mistakes of the fake, as a worker would log its own. */
  readonly faults: unknown[] = [];
  readonly #options: FakeEngineOptions;
  readonly #handlers: EngineHandlers;
  #serving: { server: ControlServer; stop: () => void } | undefined;

  constructor(options: FakeEngineOptions) {
    this.#options = options;
    this.worker = new FakeWorker(options.scenario);
    const names = Object.keys(engineCalls) as EngineCallName[];
    // Each answers with the fake's own answer, which may be a refusal.
    const handlers = names.map((name) => [name, (given: never) => this.worker.call(name, given)]);
    this.#handlers = Object.fromEntries(handlers) as EngineHandlers;
  }

  /** As a worker that starts: also again, after `end`. */
  async begin(): Promise<void> {
    const { controlFolder, controlAddressFile } = dataLayout(this.#options.dataFolder);
    await mkdir(controlFolder, { recursive: true, mode: 0o700 });
    const server = await serveControl({
      controlFolder,
      addressFile: controlAddressFile,
      call: async (role, name, given) => {
        const answer = await answerEngineCall(this.#handlers, role, name, given, (error) => this.faults.push(error));
        return answer.ok ? (answer.value as unknown as Awaited<ReturnType<FakeWorker['call']>>) : answer;
      },
      onFault: (error) => this.faults.push(error),
    });
    await this.#closeHigherRoles(controlFolder);
    this.#serving = { server, stop: this.worker.subscribe((event) => server.publish(event)) };
  }

  /** As a worker that ends. Safe to call twice. */
  async end(): Promise<void> {
    const serving = this.#serving;
    this.#serving = undefined;
    serving?.stop();
    await serving?.server.close();
  }

  /** Rights on files would not do: tests also run as root, who may read everything. */
  async #closeHigherRoles(controlFolder: string): Promise<void> {
    const higher = roleShape.options.filter((one) => !mayActAs(this.#options.role, one));
    await Promise.all(higher.map((one) => rm(path.join(controlFolder, `${one}.key`))));
  }
}
