import { httpCases } from "../../support/http_cases.ts";

for (const { name, run } of httpCases) Deno.test(name, run);
