import { main } from "./report/command_line.ts";
import { CURVES } from "./report/groups.ts";

// How costs grow, each a curve and what fits it; see --help.
await main(CURVES, "growth.ts");
