# Sourced by the recipes. Everything comes from Debian's mirror that apt is configured with (DARUMA_LAB_MIRROR overrides it),
# is verified with Debian's keys, and lands below the current folder: nothing is installed on the host.
set -euo pipefail
# The recipe is the first process of namespaces of its own, so a build that is killed leaves no mount and no process. Standard
# input ends when the test process does, and the build with it.
(while read -r _; do :; done; kill -KILL -1) <&0 >/dev/null 2>&1 &
exec </dev/null
D=$PWD
KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
MIRROR=${DARUMA_LAB_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n1 || true)}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
APT=(apt-get -qq -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root)

# fetch SUITE FOLDER PACKAGE…: unpack packages of another suite into FOLDER, with apt state of its own
fetch() {
  local suite=$1 into=$2 s=$D/apt-$2
  shift 2
  mkdir -p "$s"/lists/partial "$s"/archives/partial "$s"/deb "$D/$into"
  echo "deb [signed-by=$KEYS] $MIRROR $suite main" > "$s/sources"
  local apt=("${APT[@]}" -o Dir::State="$s" -o Dir::State::lists="$s/lists" -o Dir::Cache="$s"
    -o Dir::Etc::sourcelist="$s/sources" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::status=/dev/null)
  "${apt[@]}" update
  (cd "$s/deb" && "${apt[@]}" download "$@")
  for p in "$s"/deb/*.deb; do dpkg-deb -x "$p" "$D/$into"; done
  rm -rf "$s"
}
