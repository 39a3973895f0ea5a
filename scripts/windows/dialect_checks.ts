import type { Check, Programs } from "./checks.ts";
import { wineEnds, WineProcess } from "./wine.ts";

/** The framing, what a client written from the system's document sends, and what has to come back. */
interface Conversation {
  dialect: string;
  /** As `--listen` takes it, and the pipe that its clients open. */
  place: string;
  pipe: string;
  framing: "length" | "lines" | "form-feed";
  messages: readonly string[];
  answer: string;
}

const BUNCTL = String.raw`\\.\pipe\bunctl_bunctl`;

const CONVERSATIONS: readonly Conversation[] = [
  {
    dialect: "bunctl",
    place: "bunctl",
    pipe: BUNCTL,
    framing: "length",
    messages: ['"List"'],
    answer: '{"Data":{"data":[]}}',
  },
  {
    dialect: "roo",
    place: String.raw`roo=\\.\pipe\haft-check-roo`,
    pipe: String.raw`\\.\pipe\haft-check-roo`,
    framing: "form-feed",
    messages: [
      '{"type":"message","data":{"type":"TaskCommand","origin":"client","data":{"commandName":"GetModes"}}}',
    ],
    answer: "modesResponse",
  },
  {
    dialect: "codex, by a path as node-ipc makes a pipe of it",
    place: "codex=/tmp/haft-check.sock",
    pipe: String.raw`\\.\pipe\tmp-haft-check.sock`,
    framing: "form-feed",
    messages: [],
    answer: '"type":"Ack","origin":"Server"',
  },
  {
    dialect: "ipckit",
    place: "ipckit=haft-check-ipckit",
    pipe: String.raw`\\.\pipe\haft-check-ipckit`,
    framing: "length",
    messages: ['{"msg_type":"ping","payload":{}}'],
    answer: '"msg_type":"pong"',
  },
  {
    dialect: "auroraview",
    place: "auroraview=haft-check",
    pipe: String.raw`\\.\pipe\auroraview_haft-check`,
    framing: "lines",
    messages: ['{"type":"ping","id":"1"}'],
    answer: '"type":"pong"',
  },
  {
    dialect: "vx",
    place: String.raw`vx=\\.\pipe\haft-check-vx`,
    pipe: String.raw`\\.\pipe\haft-check-vx`,
    framing: "lines",
    messages: ['"Ping"'],
    answer: '{"Pong":{"uptime_secs":',
  },
];

const PIPE = String.raw`\\.\pipe\haft-check-dialects`;

/** Other systems' clients at their own pipes, which they open without a handshake. They run in this order. */
export function dialectChecks({ haft, holdPipe, node, dialectClient }: Programs): Check[] {
  let daemon: WineProcess | undefined;
  const talk = (pipe: string, framing: string, answer: string, ...messages: string[]) => [
    node,
    dialectClient,
    pipe,
    framing,
    answer,
    ...messages,
  ];
  return [
    {
      name: "haft daemon run --listen speaks other systems' wires at their pipes",
      run: async () => {
        const listen = CONVERSATIONS.map(({ place }) => place).join(",");
        daemon = new WineProcess([haft, "daemon", "run", "--socket", PIPE, "--listen", listen], {
          limitMs: 120_000,
        });
        await daemon.printed("haft daemon answers");
      },
    },
    ...CONVERSATIONS.flatMap(({ dialect, pipe, framing, messages, answer }): Check[] => [
      {
        name: `${dialect}: a client at its pipe is answered`,
        run: async () => {
          await wineEnds(talk(pipe, framing, answer, ...messages), { code: 0, text: answer });
        },
      },
    ]),
    {
      name: "bunctl: a message above the limit is refused, and the daemon goes on",
      run: async () => {
        await wineEnds(talk(BUNCTL, "raw", "Error", "ffffff7f00"), { code: 0, text: "Error" });
        await wineEnds(talk(BUNCTL, "length", "Data", '"List"'), { code: 0 });
      },
    },
    {
      name: "bunctl: a client that does not end its message is told why",
      run: async () => void await wineEnds(talk(BUNCTL, "raw", "did not end", "100000007b"), { code: 0 }),
    },
    {
      name: "a pipe that another program has is refused",
      run: async () => {
        const taken = String.raw`\\.\pipe\haft-check-taken-vx`;
        const holder = new WineProcess([holdPipe, "taken", taken]);
        await holder.printed("held");
        await wineEnds([haft, "daemon", "run", "--socket", `${PIPE}-2`, "--listen", `vx=${taken}`], {
          code: 3,
          text: "in use by another process",
          env: { HAFT_HOME: String.raw`C:\second` },
        });
        await holder.kill();
      },
    },
    { name: "another user can read a dialect's pipe, and gets no event", skipped: "Wine has one user" },
    {
      name: "haft daemon stop closes the pipes",
      run: async () => {
        await wineEnds([haft, "daemon", "stop", "--socket", PIPE], { code: 0, text: "has stopped" });
        await daemon?.ended;
        for (const { pipe } of CONVERSATIONS) {
          await wineEnds(talk(pipe, "lines", "never"), { code: 1, text: "error: ENOENT" });
        }
      },
    },
  ];
}
