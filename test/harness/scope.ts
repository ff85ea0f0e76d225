/** Whether a test is running just now, or only the file around it (`beforeAll`, the file's top). */
let inTest = false;

export function enterTest(): void {
  inTest = true;
}

export function leaveTest(): void {
  inTest = false;
}

export function runsInTest(): boolean {
  return inTest;
}
