import { main } from "./report/command_line.ts";
import { FIGURES } from "./report/groups.ts";

// All figures beside their baselines, in under 30 minutes; see --help.
await main(FIGURES, "all.ts");
