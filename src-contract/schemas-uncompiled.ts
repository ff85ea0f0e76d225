/**
 * Imported first, before every module that makes a schema, which looks at this when it is made. zod would compile each with `new Function`:
 * in a program that lives for one command or one job that costs more than all its reading, and the window's content security policy
 * refuses it.
 */
import { config } from 'zod';

config({ jitless: true });
