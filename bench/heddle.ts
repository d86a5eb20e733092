// The built package, as users get it. (This folder is a package of its own, for the peers: here the name "heddle" would
// not resolve to the root.)
export * from "../dist/node/index.js";
