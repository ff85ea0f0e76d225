/** The public half of the publisher's key, which the build puts in its place. */
declare const HRW_PUBLISHER_PUBLIC_KEY: string | undefined;

/** PEM; undefined where the code runs unbuilt. */
export function publisherKey(): string | undefined {
  return typeof HRW_PUBLISHER_PUBLIC_KEY === 'undefined' ? undefined : HRW_PUBLISHER_PUBLIC_KEY;
}
