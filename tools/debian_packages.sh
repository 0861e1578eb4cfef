#!/bin/sh
# Installs Debian packages that the tests use, where they are missing and we may. Starts no service.
# usage: debian_packages.sh COMMAND:PACKAGE ...
set -eu
PATH=$PATH:/usr/sbin:/sbin

missing=
for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed, and there is no apt-get here:$missing (the tests that need them are skipped)"
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=sudo
else
    echo "not installed, and without root or sudo they can't be:$missing (the tests that need them are skipped)"
    exit 0
fi

# While policy-rc.d answers 101, Debian's packages start no service on installation.
policy=/usr/sbin/policy-rc.d
made_policy=
restore() {
    [ -z "$made_policy" ] || $as_root rm -f "$policy"
}
trap restore EXIT INT TERM
if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi

echo "installing Debian packages:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086  # the package names are separate words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
