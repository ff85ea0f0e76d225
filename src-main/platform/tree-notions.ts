/** What a process tree is, whatever this machine keeps it together with: control groups and a mark on Linux, a Job Object on Windows. */
import path from 'node:path';
import * as z from 'zod';
import type { JobLimits } from '../../src-contract/sandbox.ts';

export type LimitName = keyof JobLimits;
export const limitNames: readonly LimitName[] = ['memoryBytes', 'processes', 'cpuPercent'];

/** In the environment of every process that a sandbox starts, with the mark of its tree. */
export const markVariable = 'HRW_SANDBOX';

/** What has to be remembered to find a tree again. No secret. */
export const processTreePlace = z.object({
  mark: z.string(),
  group: z.string().nullable(),
  limitGroups: z.array(z.string()).default([]),
  /** Windows: name of the Job Object, and the sandbox that is in it itself and is no part of its own tree. */
  job: z.object({ name: z.string(), ownerPid: z.int(), ownerStartTime: z.string() }).nullable().default(null),
});
export type ProcessTreePlace = z.infer<typeof processTreePlace>;

/** Beside the sandbox's state file. */
export const processTreeFileName = 'process-tree.json';

/** The mark of the tree of the sandbox that has this folder. */
export function treeMarkOf(sandboxFolder: string): string {
  return path.basename(sandboxFolder).replaceAll('.', '-');
}

export const treeName = (mark: string): string => `hrw-${mark}`;

export interface TreeEnding {
  /** Living processes when it began. */
  found: number;
  /** Still alive after everything was tried. */
  left: number;
  tookMs: number;
}

/** Of all living members together. */
export interface TreeFigures {
  cpuMs: number;
  memoryBytes: number;
  processes: number;
}

export interface TreeUsage {
  /** Null where nothing could be measured. */
  cpuMs: number | null;
  peakMemoryBytes: number | null;
}

/** `kernel`: refused or ended at once. `watched`: we look, and end the whole job. `none`: not kept on this machine. */
export type LimitKeeper = 'kernel' | 'watched' | 'none';

/**
 * Everything that a job has started, however it forked: to ask it to end, to end it, and to count what is left. Made by the sandbox before
 * it starts the runtime; found again by the engine, from the description beside the sandbox's state, when the sandbox is dead.
 */
export interface ProcessTree {
  readonly limits: JobLimits;
  /** What a process of this tree must have in its environment. */
  readonly environment: Record<string, string>;
  readonly place: ProcessTreePlace;
  /** Makes the first `spawn` cost nothing. */
  prepare(): Promise<void>;
  /** Starts the tree's first process, which is born a member. `isAhead`: what it uses counts from `countFromNow` on. */
  spawn<Child extends { pid?: number | undefined }>(start: () => Child, isAhead?: boolean): Child;
  /** Starts what is none of this tree's; `start` answers its pid. */
  outside(start: () => number | undefined): void;
  /** What was used until now was not the job's. */
  countFromNow(): void;
  /** Living processes of this tree, by their ids. */
  members(): number[];
  /** Asks every member, once. */
  signal(signal: NodeJS.Signals): void;
  /** Ends every member and whatever they start meanwhile; resolves when nothing is left, or what is left cannot be ended. */
  end(): Promise<TreeEnding>;
  /** Who keeps a limit of this tree; undefined for one that was not asked for. */
  keeperOf(name: LimitName): LimitKeeper | undefined;
  /** The limit that the job ran into, as far as that can be seen. */
  limitHit(): { name: LimitName; keeper: LimitKeeper } | undefined;
  usage(): TreeUsage;
  /** What it uses at this moment. */
  figures(): TreeFigures;
  /** Ends the sampling and takes away what stands for the tree. Nothing is ended by this. */
  dispose(): void;
}

/** How trees are made on a platform. */
export interface ProcessTrees {
  /**
   * The place of a tree that `create` is about to make, as far as it can be made. Written down first, or a death in between would leave
   * something that nobody looks for.
   */
  placeOf(mark: string, limits: JobLimits): ProcessTreePlace;
  /** `mark` names the sandbox: letters, digits and dashes. Without groups it is known by its mark, and we look after its limits. */
  create(mark: string, limits?: JobLimits, withGroups?: boolean): ProcessTree;
  reopen(place: ProcessTreePlace): ProcessTree;
}
