// A small server of static files. With isolation it sends the headers that let a page share memory between threads.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, normalize } from "node:path";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".gz": "application/gzip",
};

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Serves a folder; port 0 takes any free one. Returns the address and a way to close. */
export async function serve(folder, { port = 0, host = "127.0.0.1", isolated = true } = {}) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    const file = `${folder}${path.endsWith("/") ? `${path}index.html` : path}`;
    const isFile = !path.includes("..") && statSync(file, { throwIfNoEntry: false })?.isFile();
    const headers = {
      "Content-Type": isFile ? (types[extname(file)] ?? "application/octet-stream") : "text/plain",
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
      ...(isolated ? isolation : {}),
    };
    response.writeHead(isFile ? 200 : 404, headers);
    if (isFile && request.method !== "HEAD") createReadStream(file).pipe(response);
    else response.end(isFile ? undefined : `There is no ${path} here.\n`);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = `http://${host.includes(":") ? `[${host}]` : host}:${server.address().port}/`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { address, close };
}
