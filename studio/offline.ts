// The service worker that keeps the studio's files, so that it opens without a network once it has been seen, and adds the
// headers that let a page use threads, for hosts that send none. What the network has comes first: nobody is left with an
// old page.

interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends LifeEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface ServiceWorkerScope {
  addEventListener(type: "install" | "activate", listener: (event: LifeEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const CACHE = "heddle-studio";
const FILES = ["./", "main.css", "main.js", "engine.js", "digits.safetensors.gz", "icon.svg"];
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
/** A network that has not answered by then is as good as none, for what is kept. */
const PATIENCE_MILLISECONDS = 5000;
const scope = self as unknown as ServiceWorkerScope;

scope.addEventListener("install", (event) => event.waitUntil(keepAll()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
  const isOurs = event.request.method === "GET" && new URL(event.request.url).origin === location.origin;
  if (isOurs) event.respondWith(networkElseKept(event).then(isolated));
});

async function keepAll(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES);
  await scope.skipWaiting();
}

async function networkElseKept(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const cache = await caches.open(CACHE);
  const answer = fetch(request);
  // Nobody may be waiting for it when it fails.
  answer.catch(() => undefined);
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MILLISECONDS));
  try {
    const response = await Promise.race([answer, late]);
    if (response === undefined) return (await keptOf(cache, request)) ?? (await answer);
    // What could not be kept leaves what was kept before.
    if (response.ok) event.waitUntil(cache.put(request, response.clone()).catch(() => undefined));
    return response;
  } catch (error) {
    const kept = await keptOf(cache, request);
    if (kept) return kept;
    throw error;
  }
}

function keptOf(cache: Cache, request: Request): Promise<Response | undefined> {
  return cache.match(request, { ignoreSearch: true });
}

/** The same response with the headers of an isolated page. */
function isolated({ body, status, statusText, headers: sent }: Response): Response {
  const headers = new Headers(sent);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(body, { status, statusText, headers });
}
