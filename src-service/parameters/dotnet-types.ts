/** .NET's names of the types that PowerShell scripts write short. */

const accelerators: Readonly<Record<string, string>> = {
  array: 'System.Array',
  bool: 'System.Boolean',
  byte: 'System.Byte',
  char: 'System.Char',
  datetime: 'System.DateTime',
  decimal: 'System.Decimal',
  double: 'System.Double',
  float: 'System.Single',
  guid: 'System.Guid',
  hashtable: 'System.Collections.Hashtable',
  int: 'System.Int32',
  int16: 'System.Int16',
  int32: 'System.Int32',
  int64: 'System.Int64',
  ipaddress: 'System.Net.IPAddress',
  long: 'System.Int64',
  mailaddress: 'System.Net.Mail.MailAddress',
  object: 'System.Object',
  pscredential: 'System.Management.Automation.PSCredential',
  pscustomobject: 'System.Management.Automation.PSObject',
  psobject: 'System.Management.Automation.PSObject',
  regex: 'System.Text.RegularExpressions.Regex',
  sbyte: 'System.SByte',
  scriptblock: 'System.Management.Automation.ScriptBlock',
  securestring: 'System.Security.SecureString',
  short: 'System.Int16',
  single: 'System.Single',
  string: 'System.String',
  switch: 'System.Management.Automation.SwitchParameter',
  timespan: 'System.TimeSpan',
  uint: 'System.UInt32',
  uint16: 'System.UInt16',
  uint32: 'System.UInt32',
  uint64: 'System.UInt64',
  ulong: 'System.UInt64',
  uri: 'System.Uri',
  ushort: 'System.UInt16',
  version: 'System.Version',
  xml: 'System.Xml.XmlDocument',
};

/** Full names by lower case, so that `system.string` and `Hashtable` come out alike. */
const fullNames = new Map<string, string>(
  Object.values(accelerators).flatMap((full) => [
    [full.toLowerCase(), full],
    [full.slice('System.'.length).toLowerCase(), full],
  ]),
);

/** `int[]` → `System.Int32[]`, `Nullable[int]` → `System.Nullable[System.Int32]`; a name that is not known stays as it is. */
export function expandTypeName(written: string): string {
  const name = written.replace(/\s+/g, '');
  if (name.endsWith('[]')) return `${expandTypeName(name.slice(0, -2))}[]`;
  const inner = /^(?:system\.)?nullable\[(.+)\]$/i.exec(name)?.[1];
  if (inner !== undefined) return `System.Nullable[${expandTypeName(inner)}]`;
  const lower = name.toLowerCase();
  return accelerators[lower] ?? fullNames.get(lower) ?? name;
}

/** The type that a value must have: `System.Nullable[X]` is X here, because a null is a value not given. */
export function withoutNullable(type: string): string {
  return /^System\.Nullable\[(.+)\]$/.exec(type)?.[1] ?? type;
}

/** As scripts write it, for people: `int` for `System.Int32`. */
export function shortTypeName(type: string): string {
  if (type.endsWith('[]')) return `${shortTypeName(type.slice(0, -2))}[]`;
  const bare = withoutNullable(type);
  return Object.keys(accelerators).find((short) => accelerators[short] === bare) ?? bare;
}
