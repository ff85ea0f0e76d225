/**
 * Keeps this process's open files from what it starts. Node opens its own files close-on-exec; Chromium does not (it closes them itself in
 * the processes that it starts), so a sandbox started from Electron's main process would inherit some hundred of them: sockets of the
 * window, shared memory, pipes of whoever started the application, who would then wait for the sandbox's end. (Seen in Electron 25.)
 */
import { readdirSync } from 'node:fs';
import koffi from 'koffi';

const F_SETFD = 2;
const FD_CLOEXEC = 1;

type Fcntl = (file: number, command: number, argumentType: 'int', argument: number) => number;
let fcntl: Fcntl | undefined;

/** Marks every file but the three standard ones. What is opened later without the mark is caught before the next start. */
export function keepFilesFromChildren(): void {
  // Variadic in C: the type of the argument goes with it.
  fcntl ??= koffi.load('libc.so.6').func('int fcntl(int fd, int cmd, ...)') as Fcntl;
  for (const name of readdirSync('/proc/self/fd')) {
    const file = Number(name);
    // EBADF is the folder that was just read; it is closed by now.
    if (file > 2) fcntl(file, F_SETFD, 'int', FD_CLOEXEC);
  }
}
