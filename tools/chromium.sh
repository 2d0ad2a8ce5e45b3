#!/bin/sh
# Sees to a Chromium for the browser tests: says nothing where there is one, installs Debian's where
# apt may, and otherwise says that those tests will be skipped.
set -u

for name in ${CHROMIUM:-} chromium chromium-browser google-chrome-stable google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done

say() { printf '%s\n' "$*" >&2; }

if [ "$(id -u)" = 0 ]; then root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then root="sudo -n"
else root=none
fi

if [ "$root" != none ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing Chromium for the browser tests"
    export DEBIAN_FRONTEND=noninteractive
    # A page without a font is a page without text: chromium itself brings none.
    packages="chromium fonts-dejavu-core fonts-liberation"
    $root apt-get install -qq -y --no-install-recommends $packages >/dev/null 2>&1 && exit 0
    $root apt-get update -qq >/dev/null 2>&1
    $root apt-get install -qq -y --no-install-recommends $packages >/dev/null 2>&1 && exit 0
fi

say "There is no Chromium and no way to install it here: THE BROWSER TESTS WILL BE SKIPPED."
say "Install one (on Debian: apt install chromium), or set CHROMIUM=/path/to/it."
[ "${CI:-}" != true ]
