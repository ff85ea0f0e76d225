/** Where a machine runs signed runbooks only: a real sandbox with keys of its own machine. */
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readTrustedKeys } from '../../src-main/platform/trusted-keys.ts';
import { checkSignature } from '../../src-main/sandbox/signature-check.ts';
import { openPolicy } from '../../src-contract/policy.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { endedWell, runSandbox } from '../harness/sandbox-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const script = '#!/bin/bash\necho "ran ö"\n';

async function makeKeys(): Promise<{ folder: string; key: KeyObject }> {
  const folder = await tempFolder();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeFile(path.join(folder, 'release.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(path.join(folder, 'notes.txt'), 'not a key');
  await writeFile(path.join(folder, 'old.pem'), 'not a key either');
  return { folder, key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

function signed(text: string, key: KeyObject, mark = '#'): string {
  return `${text}${mark} hrw-signature ed25519 ${sign(null, Buffer.from(text), key).toString('base64')}\n`;
}

async function run(text: string, trustedKeys: string): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start({ job: { kind: 'Bash', script: text } });
  onTestFinished(() => jrds.close());
  const sandbox = await runSandbox(jrds, { policy: { ...openPolicy, trustedKeys } });
  expect(await sandbox.ended).toBe(endedWell);
  return jrds;
}

describe('a machine that runs signed runbooks only', () => {
  it('runs one that is signed with a key of its folder, and the journal says which', async () => {
    const { folder, key } = await makeKeys();
    const jrds = await run(signed(script, key), folder);
    expect(jrds.records.map(({ text }) => text)).toEqual(['ran ö']);
    expect(jrds.final?.jobStatus).toBe('Completed');
    expect(jrds.decisions).toEqual(['The runbook is signed with the key release.pem, which this machine trusts.']);
  });

  it('ends the job of one that is not signed at once, saying so, and runs nothing', async () => {
    const { folder } = await makeKeys();
    const jrds = await run(script, folder);
    expect(jrds.records).toEqual([]);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', processId: null } });
    expect(jrds.final?.exception).toContain(
      'This machine’s policy refused the runbook: Signed runbooks only. It has no signature as its last line. Nothing of it was run.',
    );
  });

  it('takes no other key, no changed byte, and nothing after the signature', async () => {
    const { folder, key } = await makeKeys();
    const good = signed(script, key);
    expect(await checkSignature(good, folder)).toEqual({ kind: 'signed', keyName: 'release.pem' });
    expect(await checkSignature(signed('@echo off\r\n', key, 'rem'), folder)).toMatchObject({ kind: 'signed' });
    const other = await makeKeys();
    const refused = [
      signed(script, other.key),
      good.replace('ran', 'RAN'),
      good.replace('\n', '\r\n'),
      `${good}rm -rf /\n`,
      `${good}# hrw-signature ed25519 ${'A'.repeat(86)}==\n`,
    ];
    for (const text of refused) expect(await checkSignature(text, folder)).toMatchObject({ kind: 'refused' });
  });

  it('runs nothing while its keys cannot be used', async () => {
    const { folder, key } = await makeKeys();
    expect(await checkSignature(signed(script, key), path.join(folder, 'gone'))).toMatchObject({ kind: 'refused' });
    expect(await readTrustedKeys(await tempFolder())).toMatchObject({ kind: 'unusable' });
    await chmod(folder, 0o777);
    expect(await readTrustedKeys(folder)).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining('everybody') as string,
    });
  });
});
