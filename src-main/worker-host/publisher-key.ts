/** Put in by the build (scripts/build.mjs) and by the test runner: PEM of the key that packs must be signed with. */
declare const HRW_PUBLISHER_PUBLIC_KEY: string | undefined;

export function builtInPublisherKey(): string {
  if (typeof HRW_PUBLISHER_PUBLIC_KEY === 'undefined') throw new Error('this program was not built: it has no publisher’s key');
  return HRW_PUBLISHER_PUBLIC_KEY;
}
