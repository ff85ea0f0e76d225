/** `npm run pictures`: the window's pages as pictures. Not part of `npm test`: what is on them is for people to judge. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testMatch: '*.pictures.ts',
  outputDir: '../../test-results',
  workers: 1,
  timeout: 120_000,
  reporter: [['list']],
});
