// Small things that the page remembers: choices in this browser, a drawing in this tab. Where the browser keeps nothing
// for pages, they are forgotten and nothing else happens.

type Kind = "browser" | "tab";

/** What was remembered under a name, if anything. */
export function recall(kind: Kind, name: string): string | undefined {
  try {
    return storageOf(kind).getItem(fullName(name)) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(kind: Kind, name: string, value: string): void {
  try {
    storageOf(kind).setItem(fullName(name), value);
  } catch {
    // Cookies are blocked, or there is no room.
  }
}

function storageOf(kind: Kind): Storage {
  return kind === "browser" ? localStorage : sessionStorage;
}

function fullName(name: string): string {
  return `heddle-studio-${name}`;
}
