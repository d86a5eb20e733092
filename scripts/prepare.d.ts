// Types of prepare.js, for tests.
export function isForOthers(environment: Record<string, string | undefined>, folder: string): boolean;
