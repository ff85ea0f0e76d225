import { describe, expect, it } from 'vitest';
import { parseSettingsBlock } from '../../../src-renderer/control-panel/pages/worker-group/settings-block.ts';

const name = 'OnPremLabRBWG1';
const endpoint = 'https://eus2-agentservice-prod-1.azure-automation.net/accounts/bd12f612-91bc-4119-802c-5b6cd8841fc8';
const token = 'AjAoGmqk8drLWVIkBJTRedsfTUIRZlY2b/iJnTHPMFPUdTAm397Ry0ROauNPXsEzvoPpKf4w89T6VC9cxrFQ==';
const all = { groupName: name, endpoint, token };

describe('a pasted settings block', () => {
  it('is read as the article prints it: on one line, among the commands', () => {
    const text = `Import-Module HybridRegistration $settings = @{ Name = "${name}" EndPoint = "${endpoint}" Token = "${token}" } Add-HybridRunbookWorker @settings`;
    expect(parseSettingsBlock(text)).toEqual(all);
  });

  it('is read with its line breaks, in any order and case', () => {
    const text = `$settings = @{\r\n  token = '${token}'\r\n  ENDPOINT='${endpoint}'\r\n\r\n  Name\t=  ${name}\r\n}`;
    expect(parseSettingsBlock(text)).toEqual(all);
  });

  it('is read with semicolons between', () => {
    expect(parseSettingsBlock(`@{Name="${name}";EndPoint="${endpoint}";Token="${token}"}`)).toEqual(all);
  });

  it('is read with the quotes of a page that sets them in type', () => {
    expect(parseSettingsBlock(`@{ Name = “${name}” EndPoint = ”${endpoint}” Token = ‘${token}’ }`)).toEqual(all);
  });

  it('is read as parameters of the command, also by their later names', () => {
    expect(parseSettingsBlock(`Add-HybridRunbookWorker -Name ${name} -EndPoint ${endpoint} -Token "${token}"`)).toEqual(all);
    expect(parseSettingsBlock(`Add-HybridRunbookWorker –GroupName "${name}" -Url '${endpoint}' -Key ${token}`)).toEqual(all);
  });

  it('undoes what PowerShell escapes', () => {
    const text = '@{ Name = \'it\'\'s\'; EndPoint = "https://x/accounts/`"1`""; Token = "a""b" }';
    expect(parseSettingsBlock(text)).toEqual({ groupName: "it's", endpoint: 'https://x/accounts/"1"', token: 'a"b' });
  });

  it('may lack one of the three', () => {
    expect(parseSettingsBlock(`@{ Name = "${name}"; EndPoint = "${endpoint}" }`)).toEqual({ groupName: name, endpoint });
  });

  it('is not seen in what people paste into one field', () => {
    for (const text of [name, endpoint, token, 'the name of the key is token', 'Name = x', '', 'Key Name Token Url']) {
      expect(parseSettingsBlock(text)).toBeUndefined();
    }
  });

  it('takes no variable or splat for a value', () => {
    expect(
      parseSettingsBlock('Add-HybridRunbookWorker -Name $name -EndPoint $endpoint -Token (Get-Content token.txt)'),
    ).toBeUndefined();
  });

  it('is looked for in reasonable time in any text', () => {
    const start = performance.now();
    parseSettingsBlock(`Name = "${'a`'.repeat(50_000)}`);
    parseSettingsBlock('-Key '.repeat(50_000));
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
