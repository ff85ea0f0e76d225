/** Installers of the worker in the folder that was put beside the service: found by their names, read as they are. */
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { compareVersions } from '../src-contract/versions.ts';

export interface FoundInstaller {
  name: string;
  version: string;
  bytes: number;
  sha256: string;
}

/** As scripts/installer names them. */
const namePattern = /^Hybrid-Runbook-Worker-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)-x64[.]exe$/;

export function installerName(version: string): string {
  return `Hybrid-Runbook-Worker-${version}-x64.exe`;
}

export class Installers {
  readonly #folder: string | undefined;
  /** By name, size and time: reading 60 MB takes its time. */
  readonly #hashes = new Map<string, Promise<string>>();

  /** `folder` need not be there. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** The newest first. */
  async list(): Promise<FoundInstaller[]> {
    const folder = this.#folder;
    if (folder === undefined) return [];
    const found = await Promise.all(namesIn(folder).map((name) => this.#look(folder, name)));
    return found.filter((one) => one !== undefined).sort((one, other) => compareVersions(other.version, one.version));
  }

  /** Its bytes, piece by piece. Undefined: there is no such installer here. */
  async open(name: string): Promise<{ bytes: number; pieces: AsyncIterable<Buffer> } | undefined> {
    if (this.#folder === undefined || !namePattern.test(name)) return undefined;
    const found = await this.#look(this.#folder, name);
    return found && { bytes: found.bytes, pieces: createReadStream(path.join(this.#folder, name)) };
  }

  async #look(folder: string, name: string): Promise<FoundInstaller | undefined> {
    const file = path.join(folder, name);
    const facts = statSync(file, { throwIfNoEntry: false });
    const version = namePattern.exec(name)?.[1];
    if (facts?.isFile() !== true || version === undefined) return undefined;
    const key = `${name} ${String(facts.size)} ${String(facts.mtimeMs)}`;
    let sha256 = this.#hashes.get(key);
    if (sha256 === undefined) {
      sha256 = hashOf(file);
      this.#hashes.set(key, sha256);
      // Not to be remembered: the disk may be read again.
      sha256.catch(() => this.#hashes.delete(key));
    }
    return { name, version, bytes: facts.size, sha256: await sha256 };
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => namePattern.test(name));
  } catch {
    return [];
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
