// The whole life of the prebuilt engine worker. The build bundles this file, and all of Heddle with it, into one script.
import { serve } from "./serve.ts";

serve();
