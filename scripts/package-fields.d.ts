// Types of package-fields.js, for tests.
import type { Entry } from "./entries.js";

/** A folder of bundles as the build makes it: files by name, of sources in ts/ and of modules in dist/. */
export interface Bundles {
  folder: string;
  core: string;
  readable: boolean;
  bundled: Record<string, string>;
  parts: Record<string, string>;
}

export function importName(entry: Entry): string;
export function exportsOf(table?: readonly Entry[]): Record<string, string | Record<string, string>>;
export function sizeLimitsOf(
  table?: readonly Entry[],
): { name: string; path: string; import?: string; limit: string }[];
export function checkFields(text: string, table?: readonly Entry[]): string[];
export function bundlesOf(table?: readonly Entry[]): Bundles[];
export function scriptsOf(table?: readonly Entry[]): string[];
