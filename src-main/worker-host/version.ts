import manifest from '../../package.json' with { type: 'json' };

/** Of this program, as services and people see it. */
export const programVersion: string = manifest.version;
