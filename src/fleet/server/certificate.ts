/**
 * X.509 certificates for the fleet's own server: an authority that each host is given, and the server's
 * certificate signed by it. Node's crypto reads certificates and makes none; the few fields needed here are
 * written as DER.
 */
import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP } from "node:net";

export interface Certificate {
  /** PEM. */
  certificate: string;
  /** PEM, the secret. */
  privateKey: string;
}

interface Issuer {
  name: string;
  key: KeyObject;
}

const ECDSA_SHA256 = "2a8648ce3d040302";
const YEARS = 10;

const AUTHORITY = "haft fleet authority";

/** What hosts know the fleet's servers by. */
export function createAuthority(): Certificate {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return create(AUTHORITY, privateKey, { name: AUTHORITY, key: privateKey }, []);
}

/** A server's certificate for these names and addresses. */
export function issueServer(authority: Certificate, names: readonly string[]): Certificate {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const issuer: Issuer = { name: AUTHORITY, key: createPrivateKey(authority.privateKey) };
  return create("haft fleet server", privateKey, issuer, names);
}

/** @param names none for the authority itself */
function create(subject: string, key: KeyObject, issuer: Issuer, names: readonly string[]): Certificate {
  const algorithm = sequence(oid(ECDSA_SHA256));
  const now = new Date();
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    commonName(issuer.name),
    sequence(
      time(new Date(now.getTime() - 86_400_000)),
      time(new Date(now.getTime() + YEARS * 365 * 86_400_000)),
    ),
    commonName(subject),
    publicDer(key),
    tagged(
      3,
      sequence(
        ...(names.length === 0 ? authorityExtensions() : serverExtensions(names)),
        extension("551d0e", {}, der(0x04, keyIdentifier(key))),
        extension("551d23", {}, sequence(der(0x80, keyIdentifier(issuer.key)))),
      ),
    ),
  );
  const signature = sign("sha256", body, issuer.key);
  const whole = sequence(body, algorithm, bits(signature));
  const lines = whole.toString("base64").match(/.{1,64}/g)?.join("\n") ?? "";
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKey: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function authorityExtensions(): Buffer[] {
  return [
    extension("551d13", { critical: true }, sequence(TRUE)),
    // Signs certificates, nothing else.
    extension("551d0f", { critical: true }, der(0x03, Buffer.from([2, 0x04]))),
  ];
}

function serverExtensions(names: readonly string[]): Buffer[] {
  const alternatives = names.map((name) =>
    isIP(name) === 0 ? der(0x82, Buffer.from(name, "ascii")) : der(0x87, addressBytes(name))
  );
  return [
    extension("551d13", { critical: true }, sequence()),
    extension("551d0f", { critical: true }, der(0x03, Buffer.from([7, 0x80]))),
    extension("551d25", {}, sequence(oid("2b06010505070301"))),
    extension("551d11", {}, sequence(...alternatives)),
  ];
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const before = groups(head);
  const after = groups(tail ?? "");
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array<string>(missing).fill("0"), ...after];
  return Buffer.from(all.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]));
}

function extension(id: string, { critical = false }: { critical?: boolean }, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), der(0x04, value));
}

function publicDer(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** The hash of the key's 65 bytes, as RFC 5280 proposes. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha1").update(publicDer(key).subarray(-65)).digest();
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
}

function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  // Years until 2049 have two digits.
  return Number(text.slice(0, 4)) < 2050
    ? der(0x17, Buffer.from(text.slice(2)))
    : der(0x18, Buffer.from(text));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function bits(bytes: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 | number, content);
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
