// A worker file of an app's own: Heddle with a method that never ends.
import { serve } from "heddle/worker";

serve({ methods: { wait: () => new Promise(() => {}) } });
