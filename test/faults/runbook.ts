/**
 * The runbook that the long run starts: writes so many records, and counts them itself in a file beside. Each line names the process that
 * wrote it and its own number, so that what is lost, doubled or mixed up shows in the text alone.
 */

export const runbookName = 'count-and-write';

/**
 * Parameters in order: folder for the counts, records, seconds of rest in the middle. One file a run of the script, named by the job and the
 * process; its last line is the count. The lock on `.alive` is held as long as the process lives: a second run that finds it taken says so.
 */
export const runbookScript = `side=$1 count=$2 rest=$3
token="$EPOCHREALTIME-$$"
exec 8>"$side/$AUTOMATION_JOB_ID.$token.count" 9>"$side/$AUTOMATION_JOB_ID.alive"
flock --nonblock 9 || echo "$token" >> "$side/$AUTOMATION_JOB_ID.overlap"
for ((i = 1; i <= count; i++)); do
  echo "$token $i"
  echo "$i" >&8
  if ((i == count / 2)); then sleep "$rest"; fi
done
if ((count < 2)); then sleep "$rest"; fi
`;
