import { assert, assertEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { createAuthority, issueServer } from "../../../src/fleet/server/certificate.ts";

Deno.test("issueServer() makes certificates of its authority alone, for the names and addresses given", () => {
  const authority = createAuthority();
  const server = new X509Certificate(
    issueServer(authority, ["build.lan", "10.0.0.1", "fe80::1:2"]).certificate,
  );
  const ca = new X509Certificate(authority.certificate);
  assertEquals([ca.ca, server.ca], [true, false]);
  assert(server.verify(ca.publicKey));
  assert(!server.verify(new X509Certificate(createAuthority().certificate).publicKey));
  assertEquals(server.checkHost("build.lan"), "build.lan");
  assertEquals(server.checkHost("other.lan"), undefined);
  assertEquals([server.checkIP("10.0.0.1"), server.checkIP("10.0.0.2")], ["10.0.0.1", undefined]);
  assert(new Date(server.validFrom) < new Date() && new Date(server.validTo).getFullYear() > 2030);
});

Deno.test("a TLS connection succeeds with the authority's certificate, and fails with another's", async () => {
  const authority = createAuthority();
  const { certificate, privateKey } = issueServer(authority, ["localhost"]);
  const server = createServer({ cert: certificate, key: privateKey, minVersion: "TLSv1.3" });
  server.on("secureConnection", (socket) => socket.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const [ca, good] of [[authority, true], [createAuthority(), false]] as const) {
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: ca.certificate });
    const outcome = await once(socket, "secureConnect").then(() => true, () => false);
    assertEquals(outcome, good);
    socket.destroy();
  }
  server.close();
});
