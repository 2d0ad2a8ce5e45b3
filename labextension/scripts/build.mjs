// Bundles the widgets into the Python package: one ES module and one style sheet each. What comes out is
// committed, so that a clone works without node; `--check` builds aside and compares.

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";

import { LEAN } from "./lean.mjs";
import { collectNotices } from "./notices.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STATIC = join(ROOT, "..", "mirascope_nb", "widgets", "static");
const MOST_BYTES = 150_000;

/**
 * @param {string} outdir
 * @returns {esbuild.BuildOptions & { metafile: true }}
 */
function options(outdir) {
  return {
    absWorkingDir: ROOT,
    entryPoints: ["card", "progress"].flatMap((name) => [
      { in: `src/widgets/${name}/index.ts`, out: name },
      { in: `src/widgets/${name}/${name}.css`, out: name },
    ]),
    outdir,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16.4"],
    charset: "utf8",
    metafile: true,
    // The licences of what is bundled stand in a file of their own.
    legalComments: "none",
    alias: LEAN,
    logLevel: "warning",
  };
}

async function main() {
  if (process.argv.includes("--watch")) {
    const context = await esbuild.context(options(STATIC));
    await context.watch();
    return;
  }
  if (!process.argv.includes("--check")) {
    await build(STATIC);
    await report(STATIC);
    return;
  }
  const aside = await mkdtemp(join(tmpdir(), "mirascope-nb-static-"));
  try {
    await build(aside);
    const total = await report(aside);
    const stale = await compare(aside, STATIC);
    if (stale.length > 0) {
      throw new Error(`run \`npm run build\`; not as built: ${stale.join(", ")}`);
    }
    if (total > MOST_BYTES) {
      throw new Error(`the widgets have grown to ${total} bytes, above ${MOST_BYTES}`);
    }
  } finally {
    await rm(aside, { recursive: true });
  }
}

/** @param {string} folder */
async function build(folder) {
  const { metafile } = await esbuild.build(options(folder));
  await writeFile(join(folder, "LICENSES.txt"), await collectNotices(metafile));
}

/** @param {string} folder */
async function report(folder) {
  let total = 0;
  for (const name of await built(folder)) {
    const { size } = await stat(join(folder, name));
    total += name.endsWith(".txt") ? 0 : size;
    console.log(`${String(size).padStart(8)}  ${name}`);
  }
  console.log(`${String(total).padStart(8)}  to load`);
  return total;
}

/**
 * @param {string} fresh
 * @param {string} committed
 */
async function compare(fresh, committed) {
  const names = new Set([...(await built(fresh)), ...(await built(committed))]);
  const stale = [];
  for (const name of names) {
    const one = await readFile(join(fresh, name), "utf8").catch(() => null);
    const other = await readFile(join(committed, name), "utf8").catch(() => null);
    if (one === null || one !== other) {
      stale.push(name);
    }
  }
  return stale;
}

/** @param {string} folder */
async function built(folder) {
  const names = await readdir(folder);
  return names.filter((name) => /\.(?:js|css|txt)$/.test(name)).sort();
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
