/**
 * The dynamic section (PT_DYNAMIC): tags and values for the dynamic linker, or for the
 * program itself where it relocates itself (static-PIE). Source: gABI chapter 5.
 */
import { ElsewhereError } from "../errors.ts";
import { DT_NULL, PT_DYNAMIC } from "./constants.ts";
import type { Image } from "./image.ts";

const dynSize = 16;

/** Value by tag (of a tag that occurs more than once, the last); empty where there is no usable dynamic section. */
export function dynamicTags(image: Image): ReadonlyMap<number, bigint> {
  const tags = new Map<number, bigint>();
  const segment = image.elf.segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return tags;
  try {
    const section = image.view(segment.vaddr, segment.filesz, "PT_DYNAMIC");
    for (let at = 0; at + dynSize <= section.length; at += dynSize) {
      const tag = Number(section.i64(at));
      if (tag === DT_NULL) break;
      tags.set(tag, section.u64(at + 8));
    }
  } catch (error) {
    if (!(error instanceof ElsewhereError)) throw error;
    tags.clear();
  }
  return tags;
}
