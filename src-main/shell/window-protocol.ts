/**
 * The window's files under a scheme of our own, and the policy they are loaded under. A scheme of its own has an origin to check
 * senders by and to bind the policy to; file:// has neither.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { protocol, type Session } from 'electron';
import { contentSecurityPolicy, contentTypes, fileOfUrl, scheme, windowOrigin } from './window-files.ts';

/** Before the application is ready: Chromium reads the list once. */
export function registerWindowScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true } }]);
}

export function serveWindow(session: Session, folder: string): void {
  session.protocol.handle(scheme, async ({ url }) => {
    const file = fileOfUrl(url, folder);
    if (file === undefined) return new Response(null, { status: 404 });
    let content: Buffer;
    try {
      content = await readFile(file);
    } catch {
      return new Response(null, { status: 404 });
    }
    const type = contentTypes[path.extname(file)] ?? '';
    const headers = { 'content-type': type, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };
    if (path.extname(file) !== '.html') return new Response(new Uint8Array(content), { headers });
    const nonce = randomBytes(16).toString('base64');
    const page = content.toString('utf8').replaceAll('%STYLE_NONCE%', nonce);
    return new Response(page, { headers: { ...headers, 'content-security-policy': contentSecurityPolicy(nonce) } });
  });
  // Beside the policy: whatever slips past it finds no network.
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    answer({ cancel: !url.startsWith(`${windowOrigin}/`) && !url.startsWith('devtools://') });
  });
}
