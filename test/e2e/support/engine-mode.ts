/** Where the engine is that the window shows: each of the two projects of playwright.config.ts says it. */
import { test as base } from '@playwright/test';

export type EngineMode = 'own' | 'attached';

export const test = base.extend<object, { engine: EngineMode }>({
  engine: ['own', { option: true, scope: 'worker' }],
});
