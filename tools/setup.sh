#!/bin/sh
# Makes .venv and installs into it: `sh tools/setup.sh demo` what the notebooks need,
# `sh tools/setup.sh dev` what the tests and checks need as well. The Makefile calls it and keeps a
# stamp, so a second run costs nothing.
set -eu
cd "$(dirname "$0")/.."

what=${1:?demo or dev}
lock=requirements/lock.txt

say() { printf '%s\n' "$*" >&2; }

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# As root, or as whoever may become root without a password; otherwise not at all.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

find_python() {
    for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$python"; then
            echo "$python"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no python3")
    say "mirascope_nb needs Python 3.11 or later, and here is $found."
    say "Install one, and say which with: make PYTHON=/path/to/python3.12"
    exit 1
}

make_venv() {
    python=$(find_python)
    say "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 && return
    # Debian keeps what `venv` needs in a package of its own.
    name=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    say "$python cannot make a virtual environment; trying to install $name"
    if command -v apt-get >/dev/null 2>&1 && as_root apt-get install -qq -y "$name" >/dev/null 2>&1
    then
        rm -rf .venv
        "$python" -m venv .venv && return
    fi
    rm -rf .venv
    say "Install it (on Debian and Ubuntu: apt install $name) and run make again."
    exit 1
}

# uv is much faster than pip, and reads the system's certificates when told to, as pip does. What it
# cannot do here, pip may.
install() {
    if [ ! -x .venv/bin/uv ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check uv >/dev/null 2>&1 || true
    fi
    if [ -x .venv/bin/uv ]; then
        UV_NATIVE_TLS=${UV_NATIVE_TLS:-1} .venv/bin/uv pip install --quiet \
            --python .venv/bin/python "$@" && return
        say "uv could not install this; trying pip"
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}

if ! new_enough .venv/bin/python; then make_venv; fi

case $what in
    demo) say "Installing JupyterLab and this package into .venv"
          install -c "$lock" -e '.[lab]' ;;
    dev)  say "Installing what the tests and checks need into .venv"
          install -c "$lock" -r "$lock" -e '.[all]' ;;
    *)    say "demo or dev, not $what"; exit 2 ;;
esac
