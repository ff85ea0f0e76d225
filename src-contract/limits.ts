/** Figures that two processes must agree on. Each says where it comes from and which other figure it must stay below. */

/** Largest text of one record, in UTF-8 bytes; longer text goes in numbered parts. The protocol's stream record limit. */
export const maxRecordBytes = 1024 * 1024;
/**
 * Why an attempt ended as it did: the text of an exception, UTF-8 bytes. It travels twice in the call that reports the end, escaped (six-fold
 * at worst), whose body may have 1 MiB. What is longer is a record too, and cut here.
 */
export const maxReasonBytes = 64 * 1024;
/** A frame is closed at this payload size or after `frameDelayMs`, whichever is first; one large record may exceed it alone. */
export const frameTargetBytes = 256 * 1024;
/** Records wait at most this long before they are written; the promise to the user is "live within 100 ms". */
export const frameDelayMs = 50;
/** A journal does not grow beyond this: one runbook in a loop must not take the disk from all others. Far above what a job has to say. */
export const journalQuotaBytes = 4 * 1024 * 1024 * 1024;
/** From this share of the quota on a person is told, while there is time to look at the runbook. */
export const journalQuotaWarning = 0.8;
/** Largest upload of frames before compression. Holds several frames, and any single frame (a record in JSON escapes up to six-fold). */
export const maxUploadBytes = 8 * 1024 * 1024;
/** How long a held call is held by default. Below the fencing limit, so that one lost answer does not fence. */
export const holdSeconds = 20;
/** A client that holds calls is fenced after this long without an authenticated call of that attempt. */
export const fenceHolderSeconds = 35;
/** A foreign worker polls each 30 s and backs off up to a minute. */
export const fencePollerSeconds = 150;
/**
 * A sandbox action is handed out again after this long unless its sandbox has called in. Twice this and a sandbox's longest start
 * (10 s) stay below `fenceHolderSeconds`: an attempt whose first answers were lost can still begin before it is given up.
 */
export const actionVisibilitySeconds = 12;
/** Attempts before a job is suspended. */
export const maxAttempts = 3;
/** x-ms-date may differ this much from the service's clock. */
export const maxClockSkewSeconds = 15 * 60;
/** A runbook script, UTF-8 bytes. */
export const maxRunbookBytes = 4 * 1024 * 1024;
/** A workflow's checkpoint, UTF-8 bytes of its CLIXML: its variables and its place. Variables of a runbook are small; files belong on disks. */
export const maxCheckpointBytes = 4 * 1024 * 1024;
/** Parameters of a job: number and total JSON bytes (service's published limits). */
export const maxParameters = 50;
export const maxParameterBytes = 512 * 1024;
/**
 * One positional value, in UTF-8 bytes: it becomes an argument, and Linux takes none over 128 KiB with its final zero (MAX_ARG_STRLEN,
 * https://man7.org/linux/man-pages/man2/execve.2.html).
 */
export const maxArgumentBytes = 128 * 1024 - 1;
/** A variable asset's JSON text, in characters. */
export const maxVariableCharacters = 1_048_576;
/** Group and asset names: sent unescaped by foreign workers, so nothing that needs escaping. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/;
/** A pack, packed and unpacked (bombs are refused before they are written). */
export const maxPackBytes = 100 * 1024 * 1024;
export const maxUnpackedPackBytes = 400 * 1024 * 1024;
export const maxPackFiles = 10_000;
