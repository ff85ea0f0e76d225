/**
 * Imported first by programs that live for one command or one job: zod would compile each schema before it has read ten values with it,
 * which costs a sandbox more than all its reading.
 */
import { config } from 'zod';

config({ jitless: true });
