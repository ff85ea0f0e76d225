/** A terminal that only shows: loaded when a console is looked at first, so that the window starts without it. */
import '@xterm/xterm/css/xterm.css';
import { Terminal } from '@xterm/xterm';
import type { ConsoleTarget } from './console-reader.ts';
import { admitStylesOfSpans, openUnderPolicy } from './under-policy.ts';

export interface ShownTerminal extends ConsoleTarget {
  readonly columns: number;
  /** What stands in it as plain text. */
  text(): string;
  dispose(): void;
}

/** Lines that can be scrolled back to; the sandbox itself keeps less. */
const scrollback = 10_000;

/**
 * Dark in both themes: what scripts print has colours that were chosen for a dark console (PowerShell's yellow on white cannot be read).
 */
const colours = {
  background: '#0c0c0c',
  foreground: '#d6d6d6',
  cursor: '#0c0c0c',
  selectionBackground: '#3a5f8f',
  black: '#0c0c0c',
  brightBlack: '#8a8a8a',
};

/** What moves the view; every other key is the page's. */
const scrolls: Record<string, (terminal: Terminal) => void> = {
  PageUp: (terminal) => terminal.scrollPages(-1),
  PageDown: (terminal) => terminal.scrollPages(1),
  Home: (terminal) => terminal.scrollToTop(),
  End: (terminal) => terminal.scrollToBottom(),
  ArrowUp: (terminal) => terminal.scrollLines(-1),
  ArrowDown: (terminal) => terminal.scrollLines(1),
};

export interface TerminalPlace {
  host: HTMLElement;
  /** What has the focus when keys are to move the view. */
  frame: HTMLElement;
  fontFamily: string;
  gapNotice: string;
}

export function openTerminal({ host, frame, fontFamily, gapNotice }: TerminalPlace): ShownTerminal {
  admitStylesOfSpans();
  const terminal = new Terminal({
    cols: 120,
    rows: 30,
    scrollback,
    fontFamily,
    fontSize: 13,
    theme: colours,
    disableStdin: true,
    cursorBlink: false,
    cursorInactiveStyle: 'none',
    // What a script prints must be readable on our background, whatever colour it chose.
    minimumContrastRatio: 4.5,
  });
  openUnderPolicy(() => terminal.open(host));
  const onKey = (event: KeyboardEvent): void => {
    const scroll = event.ctrlKey || event.altKey || event.metaKey ? undefined : scrolls[event.key];
    if (scroll === undefined) return;
    scroll(terminal);
    event.preventDefault();
  };
  // Nothing that is pressed here is meant for the runbook, and Tab leads on to the page's next thing.
  terminal.attachCustomKeyEventHandler(() => false);
  frame.addEventListener('keydown', onKey);
  return {
    get columns() {
      return terminal.cols;
    },
    write(bytes, { columns, rows }, isGap) {
      if (terminal.cols !== columns || terminal.rows !== rows) terminal.resize(columns, rows);
      if (isGap) terminal.write(`\r\n\u001b[0;7m ${gapNotice} \u001b[0m\r\n`);
      terminal.write(bytes);
    },
    text() {
      const { active } = terminal.buffer;
      const lines: string[] = [];
      for (let index = 0; index < active.length; index += 1) {
        const line = active.getLine(index);
        const text = line?.translateToString(true) ?? '';
        if (line?.isWrapped === true && lines.length > 0) lines.push(`${lines.pop() ?? ''}${text}`);
        else lines.push(text);
      }
      return `${lines.join('\n').trimEnd()}\n`;
    },
    dispose() {
      frame.removeEventListener('keydown', onKey);
      terminal.dispose();
    },
  };
}
