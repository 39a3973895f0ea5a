import { assertEquals } from "@std/assert";
import { settingsRepository } from "../../../../src/tools/registry/maven_settings.ts";

const env = { USER_NAME: "me", MIRROR: "http://127.0.0.1:9/m2" };

function mirror(mirrorOf: string, more = ""): string {
  return `<settings><mirrors><mirror><id>m</id><mirrorOf>${mirrorOf}</mirrorOf><url>\${env.MIRROR}</url>${more}</mirror></mirrors>
    <servers><server><id>m</id><username>\${env.USER_NAME}</username><password>pass</password></server></servers></settings>`;
}

Deno.test("settingsRepository() is a mirror of the public repository, with its server's credentials", async () => {
  const found = { url: "http://127.0.0.1:9/m2/", headers: { authorization: `Basic ${btoa("me:pass")}` } };
  const rows: [text: string, expected: typeof found | undefined][] = [
    [mirror("*"), found],
    [mirror("external:*"), found],
    [mirror("a, central"), found],
    [mirror("*,!central"), undefined],
    [mirror("other"), undefined],
    [mirror("*", "<blocked>true</blocked>"), undefined],
    ["<settings/>", undefined],
    ["<settings><mirrors/></settings>", undefined],
    ["not xml <", undefined],
  ];
  for (const [text, expected] of rows) assertEquals(await settingsRepository(text, env), expected, text);
});

Deno.test("settingsRepository() takes the public repository's address of an active profile", async () => {
  const profile = (activation: string, active: string) =>
    `<settings><profiles><profile><id>p</id>${activation}<repositories><repository><id>central</id>` +
    `<url>https://repo.example/m2/</url></repository></repositories></profile></profiles>${active}</settings>`;
  const found = { url: "https://repo.example/m2/", headers: {} };
  const byDefault = "<activation><activeByDefault>true</activeByDefault></activation>";
  assertEquals(await settingsRepository(profile(byDefault, ""), {}), found);
  const named = "<activeProfiles><activeProfile>p</activeProfile></activeProfiles>";
  assertEquals(await settingsRepository(profile("", named), {}), found);
  assertEquals(await settingsRepository(profile("", ""), {}), undefined);
});
