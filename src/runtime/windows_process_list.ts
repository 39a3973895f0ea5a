import { kernel32 } from "./kernel32.ts";

const TH32CS_SNAPPROCESS = 2;
/** PROCESSENTRY32W of 64-bit Windows. */
const ENTRY = { bytes: 568, pid: 8 };

/** The pids of all processes. */
export function listProcesses(): number[] {
  const { CreateToolhelp32Snapshot, Process32FirstW, Process32NextW, CloseHandle } = kernel32();
  const snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (snapshot <= 0) return [];
  try {
    const entry = new Uint8Array(ENTRY.bytes);
    const view = new DataView(entry.buffer);
    view.setUint32(0, ENTRY.bytes, true);
    const pids: number[] = [];
    for (let more = Process32FirstW(snapshot, entry); more !== 0; more = Process32NextW(snapshot, entry)) {
      pids.push(view.getUint32(ENTRY.pid, true));
    }
    return pids;
  } finally {
    CloseHandle(snapshot);
  }
}
