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
/** A file that could not be written (a full disk) is opened anew after so long. */
const openAgainMs = 5000;

/** `folder`: where the files go; none without it. `toConsole`: standard error, because standard output is for what the caller asked. */
export function createLog(options: { folder?: string; toConsole?: boolean; level?: string }): Log {
  const { format, transports } = winston;
  const isSilent = options.folder === undefined && options.toConsole !== true;
  const logger = winston.createLogger({ level: options.level ?? 'info', silent: isSilent });
  let again: NodeJS.Timeout | undefined;
  const addFiles = (folder: string): void => {
    const filename = join(folder, 'service.ndjson');
    const asJson = format.combine(format.timestamp(), format.json());
    const files = new transports.File({ filename, maxsize: maxFileBytes, maxFiles, tailable: true, format: asJson });
    files.once('error', () => {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its own transports as interfaces beside their class
      logger.remove(files);
      again ??= setTimeout(() => {
        again = undefined;
        addFiles(folder);
      }, openAgainMs);
      again.unref();
    });
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its own transports as interfaces beside their class
    logger.add(files);
  };
  // The logger tells its transports' errors once more; without anybody to hear them the process would end.
  logger.on('error', () => undefined);
  if (options.folder !== undefined) addFiles(options.folder);
  if (options.toConsole === true) {
    const asLine = format.combine(format.timestamp(), format.printf(oneLine));
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its own transports as interfaces beside their class
    logger.add(new transports.Stream({ stream: process.stderr, format: asLine }));
  }
  return {
    debug: (message, fields) => void logger.debug(message, fields),
    info: (message, fields) => void logger.info(message, fields),
    warn: (message, fields) => void logger.warn(message, fields),
    error: (message, fields, cause) => void logger.error(message, { ...fields, ...describeCause(cause) }),
    close: () => {
      clearTimeout(again);
      return closed(logger);
    },
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
