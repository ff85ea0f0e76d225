/** Why a channel could not be used. Composition roots turn it into the problem that fits: the channel knows no worker and no sandbox. */
export type ChannelErrorKind =
  | 'unreachable' // nobody listens at the address, or it may not be opened
  | 'timed-out' // somebody listens and says nothing
  | 'refused' // the server does not admit this role with this key
  | 'not-proven' // whoever listens does not have the key: nothing was asked of it
  | 'closed' // it ended, or was ended, while in use
  | 'malformed'; // the other end does not speak this channel

export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  readonly kind: ChannelErrorKind;

  constructor(kind: ChannelErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
