import { transportCases } from "../../support/transport_cases.ts";

for (const { name, run } of transportCases) {
  Deno.test(`LocalSocketChannel: ${name}`, run);
}
