// Work for the screen, one piece a frame, so that no task of the page is long. A newer piece of the same name takes the
// place of one that still waits.

const waiting = new Map<string, () => void>();
let asked = false;

export function later(name: string, work: () => void): void {
  waiting.set(name, work);
  ask();
}

function ask(): void {
  if (asked || waiting.size === 0) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const [next] = waiting;
    waiting.delete(next[0]);
    ask();
    next[1]();
  });
}
