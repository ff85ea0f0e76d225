/**
 * Where no control group can be had: what descends from this process and loses its parent becomes this process's child, instead of init's.
 * So a process of a job that has dropped its mark, its session and its parent is still found, for as long as its sandbox lives.
 */
import { nativeCalls } from '../native-calls.ts';
import { isLiving, type ProcessFacts } from './proc.ts';

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

type Prctl = (option: number, ...values: (string | number)[]) => number;
type WaitPid = (pid: number, status: null, options: number) => number;

/** One in a process, whatever number of trees it has: from its making on, orphans come. */
export class AdoptedOrphans {
  /** Children that this process has started itself, and waits for itself. */
  readonly #own = new Set<number>();
  readonly #waitPid: WaitPid;
  readonly #session: number;

  static #only: AdoptedOrphans | undefined;

  private constructor(waitPid: WaitPid, session: number) {
    this.#waitPid = waitPid;
    this.#session = session;
  }

  /** undefined: the kernel refuses, or there is no C library by this name. `session`: of this process. */
  static begin(session: number): AdoptedOrphans | undefined {
    if (AdoptedOrphans.#only !== undefined) return AdoptedOrphans.#only;
    try {
      const library = nativeCalls().load('libc.so.6');
      const prctl = library.func('int prctl(int option, ...)') as Prctl;
      const waitPid = library.func('int waitpid(int pid, void *status, int options)') as WaitPid;
      // Variadic in C: types go with the values.
      if (prctl(PR_SET_CHILD_SUBREAPER, 'ulong', 1, 'ulong', 0, 'ulong', 0, 'ulong', 0) !== 0) return undefined;
      return (AdoptedOrphans.#only = new AdoptedOrphans(waitPid, session));
    } catch {
      return undefined;
    }
  }

  /** Node waits for it; a second waiter would take its end away. */
  leaveOut(pid: number | undefined): void {
    if (pid !== undefined) this.#own.add(pid);
  }

  /**
   * Those of `all` that have come to this process. A child in this process's own session is a program that it asks something, and no
   * orphan of a job: a job has a session of its own from its first process on. What has ended is let go.
   */
  find(all: readonly ProcessFacts[]): ProcessFacts[] {
    const orphans = all.filter(
      ({ pid, parent, session }) => parent === process.pid && session !== this.#session && !this.#own.has(pid),
    );
    for (const orphan of orphans) if (!isLiving(orphan)) this.#waitPid(orphan.pid, null, WNOHANG);
    return orphans;
  }
}
