import { Option } from 'commander';

export function workspaceOption(): Option {
  return new Option('--workspace <id>', 'the workspace’s ID or name').makeOptionMandatory();
}
