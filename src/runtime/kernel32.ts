import process from "node:process";

/** Calls of Windows that no module of Node's offers. Handles and addresses are numbers. */
export interface Kernel32 {
  GetCurrentProcess(): number;
  /** @param count where the number goes */
  GetProcessHandleCount(process: number, count: Uint32Array): number;
  GetHandleInformation(handle: number, flags: Uint32Array): number;
  SetHandleInformation(handle: number, mask: number, flags: number): number;
  /** @returns 0 or -1 when it cannot be opened */
  OpenProcess(access: number, inherit: number, pid: number): number;
  CloseHandle(handle: number): number;
  GetExitCodeProcess(process: number, code: Uint32Array): number;
  /** The times are 100 ns each, in two halves. */
  GetProcessTimes(
    process: number,
    created: Uint32Array,
    exited: Uint32Array,
    kernel: Uint32Array,
    user: Uint32Array,
  ): number;
  /** @param size characters of `path`; then of the path that is there */
  QueryFullProcessImageNameW(process: number, flags: number, path: Uint16Array, size: Uint32Array): number;
  K32GetProcessMemoryInfo(process: number, counters: Uint8Array, size: number): number;
  CreateToolhelp32Snapshot(flags: number, pid: number): number;
  Process32FirstW(snapshot: number, entry: Uint8Array): number;
  Process32NextW(snapshot: number, entry: Uint8Array): number;
  /** @param read where the number of bytes goes, 8 bytes */
  ReadProcessMemory(
    process: number,
    address: number,
    into: Uint8Array,
    size: number,
    read: Uint8Array,
  ): number;
}

/** The part of ntdll.dll that has no other name. */
export interface Ntdll {
  /** @returns 0 when all is well */
  NtQueryInformationProcess(
    process: number,
    what: number,
    into: Uint8Array,
    size: number,
    length: Uint32Array,
  ): number;
}

const HANDLE = "u64";

let kernel: Kernel32 | undefined;
let native: Ntdll | undefined;

/** @throws where the runtime cannot call the system's libraries */
export function kernel32(): Kernel32 {
  return kernel ??= load("kernel32.dll", {
    GetCurrentProcess: { args: [], returns: "i64_fast" },
    GetProcessHandleCount: { args: [HANDLE, "ptr"], returns: "i32" },
    GetHandleInformation: { args: [HANDLE, "ptr"], returns: "i32" },
    SetHandleInformation: { args: [HANDLE, "u32", "u32"], returns: "i32" },
    OpenProcess: { args: ["u32", "i32", "u32"], returns: "i64_fast" },
    CloseHandle: { args: [HANDLE], returns: "i32" },
    GetExitCodeProcess: { args: [HANDLE, "ptr"], returns: "i32" },
    GetProcessTimes: { args: [HANDLE, "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
    QueryFullProcessImageNameW: { args: [HANDLE, "u32", "ptr", "ptr"], returns: "i32" },
    K32GetProcessMemoryInfo: { args: [HANDLE, "ptr", "u32"], returns: "i32" },
    CreateToolhelp32Snapshot: { args: ["u32", "u32"], returns: "i64_fast" },
    Process32FirstW: { args: [HANDLE, "ptr"], returns: "i32" },
    Process32NextW: { args: [HANDLE, "ptr"], returns: "i32" },
    ReadProcessMemory: { args: [HANDLE, "u64", "ptr", "u64", "ptr"], returns: "i32" },
  }) as unknown as Kernel32;
}

/** @throws where the runtime cannot call the system's libraries */
export function ntdll(): Ntdll {
  return native ??= load("ntdll.dll", {
    NtQueryInformationProcess: { args: [HANDLE, "u32", "ptr", "u32", "ptr"], returns: "i32" },
  }) as unknown as Ntdll;
}

/** By Bun's own calls: on Windows, haft runs on Bun alone. */
function load(library: string, symbols: Record<string, { args: string[]; returns: string }>) {
  return process.getBuiltinModule("bun:ffi").dlopen(library, symbols).symbols;
}
