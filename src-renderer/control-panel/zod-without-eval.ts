/**
 * zod compiles checks with `new Function`, which the content security policy refuses; it would find that out by trying. A schema looks
 * at this when it is made, so this comes before every module that makes one.
 */
import * as z from 'zod';

z.config({ jitless: true });
