// Builds the JupyterLab extension into the Python package. esbuild makes one module of it, and JupyterLab's
// own builder wraps that for module federation, so that it shares what JupyterLab has loaded already.
// What comes out is committed; `--check` builds aside and compares.

import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import * as esbuild from "esbuild";

import { LEAN } from "./lean.mjs";
import { collectNotices } from "./notices.mjs";

const run = promisify(execFile);
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
// Beside `node_modules`, for the names of modules are paths from here to there, wherever here is.
const ASIDE = join(ROOT, "build");
const OUTPUT = join(ROOT, "..", "mirascope_nb", "labextension");
/** Numbered in the order of use: the usual ids are made of paths, some of which begin at the root. */
const BUNDLER =
  'module.exports = { optimization: { moduleIds: "natural", chunkIds: "natural" } };\n';
const INSTALL = {
  packageManager: "python",
  packageName: "mirascope-nb",
  uninstallInstructions:
    "Use your Python package manager (pip, conda, etc.) to uninstall mirascope-nb",
};

async function main() {
  await rm(ASIDE, { recursive: true, force: true });
  try {
    const fresh = await build();
    if (!process.argv.includes("--check")) {
      await rm(OUTPUT, { recursive: true, force: true });
      await cp(fresh, OUTPUT, { recursive: true });
      return;
    }
    const stale = await compare(fresh, OUTPUT);
    if (stale.length > 0) {
      throw new Error(`run \`npm run build\`; not as built: ${stale.join(", ")}`);
    }
  } finally {
    await rm(ASIDE, { recursive: true, force: true });
  }
}

async function build() {
  const folder = join(ASIDE, "extension");
  const output = join(ASIDE, "output");
  await mkdir(folder, { recursive: true });
  await cp(join(ROOT, "schema"), join(folder, "schema"), { recursive: true });
  const described = await describe(output, folder);
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [
      { in: "src/plugin/index.ts", out: "plugin" },
      { in: "src/plugin/plugin.css", out: "plugin" },
    ],
    outdir: join(folder, "build"),
    bundle: true,
    metafile: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    external: ["@jupyterlab/*", "@lumino/*", "@codemirror/*"],
    alias: LEAN,
    logLevel: "warning",
  });
  await runBuilder(folder, await writeCore(described));
  await writeFile(join(output, "install.json"), `${JSON.stringify(INSTALL, null, 2)}\n`);
  await writeFile(join(output, "static", "LICENSES.txt"), await collectNotices(metafile));
  await tidy(output);
  return output;
}

/**
 * Write what JupyterLab reads about the extension, and nothing about how it is developed.
 *
 * @param {string} output
 * @param {string} folder
 */
async function describe(output, folder) {
  const own = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const { name, version, description, keywords, license, main, style, jupyterlab } = own;
  const described = {
    name,
    version,
    description,
    keywords,
    license,
    main,
    style,
    dependencies: {},
  };
  const howBuilt = { outputDir: relative(folder, output), webpackConfig: "bundler.cjs" };
  await writeFile(join(folder, "bundler.cjs"), BUNDLER);
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ ...described, jupyterlab: { ...jupyterlab, ...howBuilt } }, null, 2),
  );
  return own;
}

/**
 * What JupyterLab shares, with the ranges that this extension is written against: the builder would ask
 * for its own JupyterLab's, and warn in every older one.
 *
 * @param {{ devDependencies: Record<string, string> }} described
 */
async function writeCore(described) {
  const path = join(ROOT, "node_modules", "@jupyterlab", "core-meta", "core.package.json");
  const core = JSON.parse(await readFile(path, "utf8"));
  for (const part of ["dependencies", "resolutions"]) {
    for (const name of Object.keys(core[part] ?? {})) {
      core[part][name] = described.devDependencies[name]?.replace("~", "^") ?? "*";
    }
  }
  const written = join(ASIDE, "core.package.json");
  await writeFile(written, JSON.stringify(core));
  return written;
}

/**
 * @param {string} folder
 * @param {string} coreFile
 */
async function runBuilder(folder, coreFile) {
  const builder = join(ROOT, "node_modules", "@jupyter", "builder", "lib", "build-labextension.js");
  const command = [builder, "--core-package-file", coreFile, folder];
  const { stdout } = await run(process.execPath, command, { cwd: folder });
  if (/ERROR/.test(stdout)) {
    throw new Error(stdout);
  }
}

/**
 * Undo what differs from machine to machine.
 *
 * @param {string} output
 */
async function tidy(output) {
  const path = join(output, "package.json");
  const described = JSON.parse(await readFile(path, "utf8"));
  delete described.jupyterlab.outputDir;
  delete described.jupyterlab.webpackConfig;
  await writeFile(path, `${JSON.stringify(described, null, 2)}\n`);
}

/**
 * @param {string} fresh
 * @param {string} committed
 */
async function compare(fresh, committed) {
  const names = new Set([...(await filesIn(fresh)), ...(await filesIn(committed))]);
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
async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
