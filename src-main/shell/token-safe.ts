/**
 * Keeps the token of the service's REST API for the person at this desktop. Encrypted by the operating system where it can, else in a file
 * that only they may read; which of the two is said wherever the token is. It is kept for one address and given to no other.
 */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import { tokenKeeping, type TokenKeeping } from '../../src-contract/service-desk.ts';
import { removeUnfinished } from './unfinished-file.ts';

/** The operating system's own, bound to the user. */
export interface Cipher {
  encrypt: (text: string) => Buffer;
  decrypt: (bytes: Buffer) => string;
}

const keptShape = z.object({
  restApiUri: z.string(),
  how: tokenKeeping,
  /** Base64 of the encrypted bytes, or the token itself. */
  value: z.string(),
  since: z.string(),
});

export interface KeptToken {
  token: string;
  how: TokenKeeping;
  file: string;
  since: string;
}

export interface TokenSafeOptions {
  folder: string;
  /** Undefined: this desktop has none. Asked each time, because a keyring may be unlocked later. */
  cipher: () => Cipher | undefined;
  now: () => Date;
}

export class TokenSafe {
  readonly #file: string;
  readonly #options: TokenSafeOptions;

  constructor(options: TokenSafeOptions) {
    this.#file = path.join(options.folder, 'service-token.json');
    this.#options = options;
    // Of an application that was killed as it wrote: there is a token in it.
    removeUnfinished(this.#file);
  }

  wouldKeep(): TokenKeeping {
    return this.#options.cipher() === undefined ? 'file' : 'encrypted';
  }

  /** What cannot be read or decrypted any more (another user's, a keyring that was reset) is as if there were none. */
  read(restApiUri: string): KeptToken | undefined {
    try {
      const kept = keptShape.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
      if (kept.restApiUri !== restApiUri) return undefined;
      const { how, since } = kept;
      const token = how === 'file' ? kept.value : this.#options.cipher()?.decrypt(Buffer.from(kept.value, 'base64'));
      return token === undefined ? undefined : { token, how, since, file: this.#file };
    } catch {
      return undefined;
    }
  }

  /** Throws AppError where the file cannot be written. */
  keep(restApiUri: string, token: string): void {
    const cipher = this.#options.cipher();
    const kept: z.infer<typeof keptShape> = {
      restApiUri,
      how: cipher === undefined ? 'file' : 'encrypted',
      value: cipher === undefined ? token : cipher.encrypt(token).toString('base64'),
      since: this.#options.now().toISOString(),
    };
    const sibling = `${this.#file}.new`;
    try {
      writeFileSync(sibling, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
      // A sibling that was left behind keeps the rights it had.
      chmodSync(sibling, 0o600);
      renameSync(sibling, this.#file);
    } catch (error) {
      rmSync(sibling, { force: true });
      const reason = `It cannot be written: ${error instanceof Error ? error.message : String(error)}.`;
      throw new AppError('input-invalid', { what: this.#file, reason }, { cause: error });
    }
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }
}
