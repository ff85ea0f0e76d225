/**
 * Where this machine runs signed runbooks only: a runbook's last line is a comment with an Ed25519 signature of every byte before that line,
 *
 *   # hrw-signature ed25519 BASE64        (in batch files rem or :: instead of #)
 *
 * made with the private half of a key that lies on this machine. Checked on the bytes that the service has sent, before any runtime is
 * started. The service cannot make such a line, so that nobody who can only publish runbooks can have this machine run one.
 */
import { verify } from 'node:crypto';
import { readTrustedKeys } from '../platform/trusted-keys.ts';

export type SignatureCheck = { kind: 'signed'; keyName: string } | { kind: 'refused'; reason: string };

const signatureLine = /(?:^|\n)(?:#|::|rem)[ \t]*hrw-signature[ \t]+ed25519[ \t]+([A-Za-z0-9+/]{86}==)\s*$/i;

export async function checkSignature(script: string, keysFolder: string): Promise<SignatureCheck> {
  const trusted = await readTrustedKeys(keysFolder);
  if (trusted.kind === 'unusable') return refuse(`The trusted keys cannot be used: ${trusted.reason}`);
  const found = signatureLine.exec(script);
  if (found === null) return refuse('It has no signature as its last line');
  const start = found.index + (found[0].startsWith('\n') ? 1 : 0);
  const signed = Buffer.from(script.slice(0, start), 'utf8');
  const signature = Buffer.from(found[1] ?? '', 'base64');
  const match = trusted.keys.find(({ key }) => verify(null, signed, key, signature));
  return match === undefined
    ? refuse('Its signature is of none of the trusted keys, or it was changed after it was signed')
    : { kind: 'signed', keyName: match.name };
}

/** A sentence without its full stop. */
function refuse(reason: string): SignatureCheck {
  return { kind: 'refused', reason };
}
