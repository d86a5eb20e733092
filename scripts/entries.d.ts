// Types of entries.js, for tests.

/** A row of the table: entries.js says what its columns mean. */
export interface Entry {
  path: string;
  source: string;
  own?: boolean;
  docs?: boolean;
  forms?: string[];
  uses: string;
  limit?: number;
  limits?: { what: string; form?: string; imports?: string; limit: number }[];
}

export const entries: readonly Entry[];
export const forms: Record<string, { conditions: string[]; core: string; readable: boolean }>;
export const files: readonly string[];
export const effects: readonly string[];
