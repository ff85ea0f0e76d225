/** For files whose tests share something living. See each-file.ts. */
let eachTest = true;

export function leftoversAreCheckedAtTheEnd(): void {
  eachTest = false;
}

export function checksEachTest(): boolean {
  return eachTest;
}
