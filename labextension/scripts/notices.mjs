// The licences of what is bundled.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The notices of every package that went into a bundle, in the order of their names.
 *
 * @param {import("esbuild").Metafile} metafile
 */
export async function collectNotices(metafile) {
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    ),
  );
  const notices = [...packages].sort().map((name) => readNotice(name));
  return (await Promise.all(notices)).join("\n");
}

/** @param {string} name */
async function readNotice(name) {
  const folder = join(ROOT, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const text = await readFile(join(folder, "LICENSE"), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
