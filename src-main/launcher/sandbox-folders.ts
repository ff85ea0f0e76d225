/** What stands on disk about sandboxes. The launch file is the engine's, the state file the sandbox's own. */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import * as z from 'zod';
import { sandboxContractVersion, processIdentity, sandboxReport, type SandboxReport } from '../../src-contract/sandbox.ts';
import { channelAddress, removeAddress } from '../channel/channel-address.ts';
import { removeFolder } from '../platform/remove-folder.ts';
import { sandboxLayout } from '../storage/layout.ts';

/** What the engine knew when it started a sandbox. Who finishes a dead one needs it; no secret is in it. */
export const launchFacts = z.object({
  sandboxId: z.string(),
  groupName: z.string(),
  /** ISO, unique among the sandboxes of a worker: pages of the history go by it. */
  pickedUpAt: z.string(),
  jrdsUri: z.string(),
  accountId: z.string(),
  /** null until the process is there. */
  process: processIdentity.nullable(),
  /** Of a sandbox that was started ahead of its job: where it waited, and where its runtime has its folders. */
  warmFolder: z.string().nullable().default(null),
});
export type LaunchFacts = z.infer<typeof launchFacts>;

export interface FoundSandbox {
  sandboxId: string;
  launch: LaunchFacts | undefined;
  /** undefined: none was written yet, or it cannot be read. */
  report: SandboxReport | undefined;
}

/** An engine adopts sandboxes of its own contract version and of the one before. */
export function mayAdopt(report: SandboxReport): boolean {
  return report.contractVersion === sandboxContractVersion || report.contractVersion === sandboxContractVersion - 1;
}

/** Beside those of sandboxes, because runtimes of another user can reach what lies there. No service can give a sandbox such an id. */
export const warmFolderPrefix = 'warm.';

export function isWarmFolderName(name: string): boolean {
  return name.startsWith(warmFolderPrefix);
}

export async function findSandboxes(sandboxesFolder: string): Promise<FoundSandbox[]> {
  const entries = await readdir(sandboxesFolder, { withFileTypes: true });
  return await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() && !isWarmFolderName(entry.name))
      .map(({ name }) => readSandboxFolder(sandboxesFolder, name)),
  );
}

export async function readSandboxFolder(sandboxesFolder: string, sandboxId: string): Promise<FoundSandbox> {
  const { launchFile, stateFile } = sandboxLayout(sandboxesFolder, sandboxId);
  return { sandboxId, launch: await readShape(launchFile, launchFacts), report: await readShape(stateFile, sandboxReport) };
}

export async function readControlKey(sandboxesFolder: string, sandboxId: string): Promise<Uint8Array | undefined> {
  try {
    const text = await readFile(sandboxLayout(sandboxesFolder, sandboxId).controlKey, 'utf8');
    return Buffer.from(text.trim(), 'hex');
  } catch {
    return undefined;
  }
}

export async function writeLaunchFacts(sandboxesFolder: string, facts: LaunchFacts): Promise<void> {
  const { folder, launchFile } = sandboxLayout(sandboxesFolder, facts.sandboxId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const sibling = `${launchFile}.new`;
  const handle = await open(sibling, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(facts)}\n`);
    // Or the name could point to nothing after a power failure.
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(sibling, launchFile);
}

/** What the process wrote where nobody listens: the last words of one that died of an exception. */
export async function readLastWords(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    return text
      .slice(-2000)
      .replace(/[\u0000-\u001f\u007f]+/g, ' ')
      .trim();
  } catch {
    return '';
  }
}

/** Throws when something of it stays; nothing that would be taken for a sandbox then. */
export async function removeSandboxFolder(sandboxesFolder: string, sandboxId: string): Promise<void> {
  const { folder, stateFile, launchFile } = sandboxLayout(sandboxesFolder, sandboxId);
  // One that died has not taken its socket away, which may lie elsewhere.
  for (const name of ['control', 'runtime']) await removeAddress(channelAddress(folder, name));
  try {
    await removeFolder(folder);
  } catch (error) {
    await Promise.all([rm(stateFile, { force: true }), rm(launchFile, { force: true })]);
    throw error;
  }
}

async function readShape<Shape extends z.ZodType>(file: string, shape: Shape): Promise<z.output<Shape> | undefined> {
  try {
    const parsed = shape.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
