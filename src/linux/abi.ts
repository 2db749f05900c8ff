/**
 * What a program and the kernel agree on, as data, per machine: calls, named values, structure layouts. Code that
 * reads calls takes an {@link Abi} and never asks which machine it is.
 */
import { callTables, type CallTable } from "./calls.ts";
import { constants as amd64Constants, type ConstantSetName as OwnSetName } from "./generated/constants-amd64.ts";
import { constants as arm64Constants } from "./generated/constants-arm64.ts";
import { constants as commonConstants, type ConstantSetName as CommonSetName } from "./generated/constants.ts";
import { layouts as amd64Layouts, type LayoutName as OwnLayoutName } from "./generated/layouts-amd64.ts";
import { layouts as arm64Layouts } from "./generated/layouts-arm64.ts";
import { layouts as commonLayouts, type LayoutName as CommonLayoutName } from "./generated/layouts.ts";

/** Names and values of a set, in the order in which they are to be tried: flags for several bits come first. */
export type NamedValues = readonly (readonly [name: string, value: number])[];

/** "openFlags", "addressFamily", … (script/linux/constant-sets.ts says what each holds). */
export type ConstantSetName = CommonSetName | OwnSetName;

export interface Layout {
  /** Bytes. */
  readonly size: number;
  /** Kernel's name of a field → offset in bytes, and type: "u32", "i64", "pointer", "char[16]" or a structure. */
  readonly fields: Readonly<Record<string, readonly [offset: number, type: string]>>;
}

/** "stat", "sockaddr_in", "__kernel_timespec", … */
export type LayoutName = CommonLayoutName | OwnLayoutName;

export interface Abi {
  readonly calls: CallTable;
  readonly constants: Readonly<Record<ConstantSetName, NamedValues>>;
  readonly layouts: Readonly<Record<LayoutName, Layout>>;
}

export const abis: { readonly amd64: Abi; readonly arm64: Abi } = {
  amd64: {
    calls: callTables.amd64,
    constants: { ...commonConstants, ...amd64Constants },
    layouts: { ...commonLayouts, ...amd64Layouts },
  },
  arm64: {
    calls: callTables.arm64,
    constants: { ...commonConstants, ...arm64Constants },
    layouts: { ...commonLayouts, ...arm64Layouts },
  },
};
