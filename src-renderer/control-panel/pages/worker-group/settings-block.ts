/**
 * Reads group, endpoint and token out of what people have at hand: the block `$settings = @{ Name = "…" EndPoint = "…" Token = "…" }`,
 * on several lines or flattened to one, alone or among the commands around it; or the same as parameters of the command. Pure.
 */

export interface PastedSettings {
  groupName?: string;
  endpoint?: string;
  token?: string;
}

/** Names by which the three go; the module's later versions renamed them. */
const names: Record<string, keyof PastedSettings> = {
  name: 'groupName',
  groupname: 'groupName',
  endpoint: 'endpoint',
  url: 'endpoint',
  token: 'token',
  key: 'token',
};

// A name, then `=` (in a hash table) or white space (a parameter), then a quoted or a bare value. Pages that set quotes in type
// turn them into curly ones. A backtick escapes a quote, and so does doubling it.
const assignment =
  /(?<dash>[-–])?\b(?<name>Name|GroupName|EndPoint|Url|Token|Key)\s*(?<sign>=|\s|:)\s*(?:"(?<double>(?:[^"`]|`.|"")*)"|'(?<single>(?:[^']|'')*)'|[“”„](?<curly>[^“”„]*)[“”„]|[‘’‚](?<thin>[^‘’‚]*)[‘’‚]|(?<bare>[^\s;"'“”‘’@{}$(][^\s;}]*))/giu;

function valueOf(groups: Record<string, string | undefined>): string {
  if (groups['double'] !== undefined)
    return groups['double'].replace(/`(.)|""/g, (_all, escaped: string | undefined) => escaped ?? '"');
  if (groups['single'] !== undefined) return groups['single'].replaceAll("''", "'");
  return groups['curly'] ?? groups['thin'] ?? groups['bare'] ?? '';
}

/** Undefined when the text is no such block: then it is pasted as it is. */
export function parseSettingsBlock(text: string): PastedSettings | undefined {
  const found: PastedSettings = {};
  for (const { groups } of text.matchAll(assignment)) {
    if (groups === undefined) continue;
    // `Name value` without a dash is prose, not a parameter.
    if (groups['sign'] !== '=' && groups['dash'] === undefined) continue;
    const field = names[(groups['name'] ?? '').toLowerCase()];
    const value = valueOf(groups).trim();
    if (field !== undefined && value !== '') found[field] ??= value;
  }
  // One alone may be a line of anything; two of the three are a block.
  return Object.keys(found).length >= 2 ? found : undefined;
}
