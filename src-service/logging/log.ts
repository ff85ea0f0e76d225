/**
 * The service's own log: one JSON object a line in rotating files, and short lines for whoever watches it run.
 * No secret is ever a field: log its name.
 */
import { join } from 'node:path';
import winston from 'winston';

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Log {
  debug: (message: string, fields?: LogFields) => void;
  info: (message: string, fields?: LogFields) => void;
  warn: (message: string, fields?: LogFields) => void;
  error: (message: string, fields?: LogFields, cause?: unknown) => void;
  /** Resolves when what was logged is written. */
  close: () => Promise<void>;
}

const maxFileBytes = 10 * 1024 * 1024;
const maxFiles = 5;

/** `folder`: where the files go; none without it. `toConsole`: standard error, because standard output is for what the caller asked. */
export function createLog(options: { folder?: string; toConsole?: boolean; level?: string }): Log {
  const transports: (winston.transports.FileTransportInstance | winston.transports.StreamTransportInstance)[] = [];
  if (options.folder !== undefined) {
    const filename = join(options.folder, 'service.ndjson');
    const format = winston.format.combine(winston.format.timestamp(), winston.format.json());
    transports.push(new winston.transports.File({ filename, maxsize: maxFileBytes, maxFiles, tailable: true, format }));
  }
  if (options.toConsole === true) {
    const format = winston.format.combine(winston.format.timestamp(), winston.format.printf(oneLine));
    transports.push(new winston.transports.Stream({ stream: process.stderr, format }));
  }
  const logger = winston.createLogger({ level: options.level ?? 'info', transports, silent: transports.length === 0 });
  return {
    debug: (message, fields) => void logger.debug(message, fields),
    info: (message, fields) => void logger.info(message, fields),
    warn: (message, fields) => void logger.warn(message, fields),
    error: (message, fields, cause) => void logger.error(message, { ...fields, ...describeCause(cause) }),
    close: () => closed(logger),
  };
}

function describeCause(cause: unknown): LogFields {
  if (cause === undefined) return {};
  return cause instanceof Error ? { cause: cause.stack ?? cause.message } : { cause: JSON.stringify(cause) };
}

function oneLine({ level, message, timestamp, ...fields }: winston.Logform.TransformableInfo): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${String(timestamp)} ${level} ${String(message)}${rest.join('')}`;
}

function closed(logger: winston.Logger): Promise<void> {
  return new Promise((resolve) => {
    logger.once('finish', () => {
      // The file transport's own stream ends a turn later than the logger says.
      setImmediate(resolve);
    });
    logger.end();
  });
}
