/**
 * The name under which a job is started is ours, and the same call twice is one job: a start that is tried again after its answer was lost
 * has to carry the same name, and one that asks for anything else another. Pure.
 */
export function jobNames(makeName: () => string): (request: object) => string {
  let last: { asked: string; name: string } | undefined;
  return (request) => {
    const asked = JSON.stringify(request);
    if (last?.asked !== asked) last = { asked, name: makeName() };
    return last.name;
  };
}
