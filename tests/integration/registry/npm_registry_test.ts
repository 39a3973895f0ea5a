import { registryCases } from "../../support/registry_cases.ts";

for (const { name, run } of registryCases) Deno.test(name, run);
