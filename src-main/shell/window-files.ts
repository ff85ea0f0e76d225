/** What the window's page may load, and which file a URL of it means. Pure. */
import path from 'node:path';

export const scheme = 'app';
export const windowOrigin = `${scheme}://control-panel`;
export const windowUrl = `${windowOrigin}/index.html`;

export const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/**
 * Nothing but our own files, and no connection to anywhere. Fluent puts its rules into style elements that it makes at run time:
 * those carry the nonce of this load, which is why styles need no 'unsafe-inline'. Nothing may write markup as text (trusted types).
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The file that a URL of the window means; undefined for what is not the window's. */
export function fileOfUrl(url: string, folder: string): string | undefined {
  const { host, pathname } = new URL(url);
  if (`${scheme}://${host}` !== windowOrigin) return undefined;
  let name: string;
  try {
    name = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  const file = path.join(folder, name);
  const inside = path.relative(folder, file);
  const leaves = inside === '' || inside.startsWith('..') || path.isAbsolute(inside) || name.includes('\0');
  return leaves || contentTypes[path.extname(file)] === undefined ? undefined : file;
}
