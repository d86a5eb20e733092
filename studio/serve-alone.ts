// The page's side of its service worker, offline.ts: from the second visit on the page opens without a network, and
// isolated on hosts that send no headers for it.

/** Registers the service worker, where the browser allows it; whether the page, loaded again, would be isolated. */
export async function serveAlone(): Promise<boolean> {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return false;
  const isServed = serviceWorker.controller !== null;
  try {
    await serviceWorker.register("offline.js");
    await serviceWorker.ready;
  } catch {
    return false;
  }
  return !crossOriginIsolated && !isServed;
}
