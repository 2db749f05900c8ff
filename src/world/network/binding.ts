/** Addresses that this machine has not: they may be the target's. */
import type { RemoteNetwork } from "../../session/remote-network.ts";
import { flowCode } from "../../wire/flow.ts";
import { error } from "../errors.ts";
import type { NewInternet } from "./addresses.ts";

/**
 * @param result of bind(2) here
 * @returns what the program is told; 0 where the target has the address
 */
export async function bindThere(
  network: RemoteNetwork,
  address: NewInternet,
  result: number | null,
): Promise<number | null> {
  if (result !== error("EADDRNOTAVAIL")) return result;
  const from = { ...address, port: 0 };
  const bound = await network.associate({ isV6: address.ip?.length === 16, from });
  if (typeof bound === "number") return bound;
  bound.stream.close(flowCode.closed);
  return 0;
}
