// A service worker that adds the two headers which let a page share memory, for hosts that cannot be told to send them.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const isolated = async () => {
    const { body, status, statusText, headers: sent } = await fetch(event.request);
    const headers = new Headers(sent);
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Embedder-Policy", "require-corp");
    return new Response(body, { status, statusText, headers });
  };
  event.respondWith(isolated());
});
