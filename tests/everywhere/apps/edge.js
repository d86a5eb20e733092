// Runs the training in a worker of an edge runtime: the options come with the request, what it returned goes back.
import { train } from "./train.js";

export default {
  async fetch(request) {
    return Response.json(await train(await request.json()));
  },
};
