import { kernel32, ntdll } from "./kernel32.ts";

/** A process of Windows, opened to look at it. */
export interface WindowsProcess {
  /** In units of 100 ns since 1601; undefined when the system does not say. */
  times(): { created: bigint; cpuSeconds: number } | undefined;
  /** It ended, and another process still has it open. */
  hasEnded(): boolean;
  /** The pid of the process that started it; that number may be another's by now. */
  parent(): number;
  residentBytes(): number | undefined;
  /** The path of its executable. */
  executable(): string | undefined;
  /** Its environment as UTF-16; undefined when it cannot be read. */
  environment(): Uint8Array | undefined;
}

/** PROCESS_QUERY_LIMITED_INFORMATION; and PROCESS_QUERY_INFORMATION with PROCESS_VM_READ. */
const ACCESS = { look: 0x1000, read: 0x0400 | 0x0010 };
const STILL_ACTIVE = 259;
const PROCESS_BASIC_INFORMATION = { number: 0, bytes: 48, peb: 8, parent: 40 };
/** PROCESS_MEMORY_COUNTERS */
const COUNTERS = { bytes: 72, workingSet: 16 };
/**
 * Where the environment is found, in 64-bit processes: from the PEB to the process's parameters to the block.
 */
const PEB = { parameters: 0x20 };
const PARAMETERS = { environment: 0x80, environmentSize: 0x3f0 };
/** Characters. */
const LONGEST_PATH = 32_768;
/** An environment that claims to be longer is none. */
const LONGEST_ENVIRONMENT = 4 * 1024 * 1024;

/** Looks at a process; undefined when it is gone, or is not this user's to look into. */
export function withProcess<T>(
  pid: number,
  look: (opened: WindowsProcess) => T | undefined,
): T | undefined {
  const { OpenProcess, CloseHandle } = kernel32();
  const readable = OpenProcess(ACCESS.look | ACCESS.read, 0, pid);
  const handle = readable > 0 ? readable : OpenProcess(ACCESS.look, 0, pid);
  if (handle <= 0) return undefined;
  try {
    return look(new OpenedProcess(handle));
  } finally {
    CloseHandle(handle);
  }
}

class OpenedProcess implements WindowsProcess {
  readonly #handle: number;

  constructor(handle: number) {
    this.#handle = handle;
  }

  times(): { created: bigint; cpuSeconds: number } | undefined {
    const [created, exited, kernel, user] = [filetime(), filetime(), filetime(), filetime()];
    if (kernel32().GetProcessTimes(this.#handle, created, exited, kernel, user) === 0) return undefined;
    return { created: ticks(created), cpuSeconds: Number(ticks(kernel) + ticks(user)) / 1e7 };
  }

  hasEnded(): boolean {
    const code = new Uint32Array(1);
    return kernel32().GetExitCodeProcess(this.#handle, code) !== 0 && code[0] !== STILL_ACTIVE;
  }

  parent(): number {
    return Number(this.#basicInformation()?.getBigUint64(PROCESS_BASIC_INFORMATION.parent, true) ?? 0n);
  }

  residentBytes(): number | undefined {
    const counters = new Uint8Array(COUNTERS.bytes);
    if (kernel32().K32GetProcessMemoryInfo(this.#handle, counters, counters.length) === 0) return undefined;
    return Number(new DataView(counters.buffer).getBigUint64(COUNTERS.workingSet, true));
  }

  executable(): string | undefined {
    const path = new Uint16Array(LONGEST_PATH);
    const size = new Uint32Array([path.length]);
    if (kernel32().QueryFullProcessImageNameW(this.#handle, 0, path, size) === 0) return undefined;
    return String.fromCharCode(...path.subarray(0, size[0]));
  }

  environment(): Uint8Array | undefined {
    const peb = this.#basicInformation()?.getBigUint64(PROCESS_BASIC_INFORMATION.peb, true);
    const parameters = this.#readNumber(Number(peb ?? 0n) + PEB.parameters);
    if (parameters === undefined) return undefined;
    const address = this.#readNumber(parameters + PARAMETERS.environment);
    const size = this.#readNumber(parameters + PARAMETERS.environmentSize);
    if (address === undefined || size === undefined || size > LONGEST_ENVIRONMENT) return undefined;
    return this.#read(address, size);
  }

  #basicInformation(): DataView | undefined {
    const { number, bytes } = PROCESS_BASIC_INFORMATION;
    const into = new Uint8Array(bytes);
    const status = ntdll().NtQueryInformationProcess(this.#handle, number, into, bytes, new Uint32Array(1));
    return status === 0 ? new DataView(into.buffer) : undefined;
  }

  #readNumber(address: number): number | undefined {
    const bytes = this.#read(address, 8);
    return bytes === undefined ? undefined : Number(new DataView(bytes.buffer).getBigUint64(0, true));
  }

  #read(address: number, size: number): Uint8Array<ArrayBuffer> | undefined {
    if (size === 0) return undefined;
    const into = new Uint8Array(size);
    const read = new Uint8Array(8);
    return kernel32().ReadProcessMemory(this.#handle, address, into, size, read) === 0 ? undefined : into;
  }
}

/** A FILETIME: two halves, the lower first. */
function filetime(): Uint32Array {
  return new Uint32Array(2);
}

function ticks([low = 0, high = 0]: Uint32Array): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
