/** What a runbook says of its parameters, read when it is published and checked when a job is started. */

export interface DeclaredParameter {
  name: string;
  /** .NET type name: `System.String`, `System.Int32[]`. */
  type: string;
  isMandatory: boolean;
  /** The default as it is written. PowerShell applies it itself; to positional languages the service hands it over. */
  defaultValue: string | null;
  /** 0-based order of declaration. */
  position: number;
  /** Where the runbook writes them out (`ValidateSet`). The language checks them itself. */
  allowedValues?: string[];
}

/** null: the runbook declares nothing, and its language (Python, Bash, batch) takes positional values of any name. */
export type Declaration = DeclaredParameter[] | null;

export type DeclarationReading =
  | { kind: 'read'; declaration: Declaration }
  /** `line` is 1-based. */
  | { kind: 'invalid'; line: number; reason: string };
