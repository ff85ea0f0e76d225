/**
 * The private keys that this process makes for its workers, so that a front between a worker and its service can show the service the same
 * certificate. A worker that registers proves a certificate that is not on any disk yet: the key is caught where it is made.
 */
import { createPrivateKey, webcrypto, X509Certificate, type KeyObject } from 'node:crypto';

export interface ClientPair {
  cert: string;
  key: string;
}

export interface MadeKeys {
  /** The pair of a certificate that was made here (DER, as a connection shows it). */
  pairOf: (certificate: Buffer) => ClientPair | undefined;
  /** Keys made from now on are nobody's to see. */
  stop: () => void;
}

export function catchMadeKeys(): MadeKeys {
  const { subtle } = webcrypto;
  const made: KeyObject[] = [];
  const exportKey = subtle.exportKey.bind(subtle) as (format: 'pkcs8', key: webcrypto.CryptoKey) => Promise<ArrayBuffer>;
  const caught = async (format: 'pkcs8', key: webcrypto.CryptoKey): Promise<ArrayBuffer> => {
    const exported = await exportKey(format, key);
    if (key.type === 'private') made.push(createPrivateKey({ key: Buffer.from(exported), format: 'der', type: 'pkcs8' }));
    return exported;
  };
  Object.defineProperty(subtle, 'exportKey', { value: caught, configurable: true });
  return {
    pairOf: (certificate) => {
      const shown = new X509Certificate(certificate);
      // The newest first: it is the likeliest.
      const key = made.findLast((one) => shown.checkPrivateKey(one));
      return key === undefined
        ? undefined
        : { cert: shown.toString(), key: String(key.export({ type: 'pkcs8', format: 'pem' })) };
    },
    // What lies beneath is the class's own.
    stop: () => void Reflect.deleteProperty(subtle, 'exportKey'),
  };
}
