#!/bin/sh
# Gets what the benchmark compares daruma with: supervisord, runit and s6 from Debian, pebble and process-compose built
# with go at the versions below, into the folder that is printed. Needs root for apt-get where a package is missing.
set -eu

pebble=v1.32.1
process_compose=v1.64.1
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/daruma-bench}

need() { # command package
	command -v "$1" >/dev/null || missing="$missing $2"
}
missing=
need supervisord supervisor
need runsvdir runit
need s6-svscan s6
need gcc "gcc libc6-dev"
if [ -n "$missing" ]; then
	# Nothing of this may start by itself: the packages' services aren't wanted here.
	apt-get update -q
	# shellcheck disable=SC2086 # a list of words
	RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi

# A module of its own pins each version; `go install path@version` would also ask for things that not every proxy answers.
build() { # name module version package
	[ -x "$folder/bin/$1-$3" ] && return
	echo "building $1 $3 ..." >&2
	mkdir -p "$folder/bin" "$folder/src/$1"
	cd "$folder/src/$1"
	printf 'module bench\n\ngo 1.24\n\nrequire %s %s\n' "$2" "$3" >go.mod
	printf '//go:build tools\n\npackage tools\n\nimport _ "%s"\n' "$4" >tools.go
	GOFLAGS=-mod=mod CGO_ENABLED=0 go build -ldflags "-s -w" -o "$folder/bin/$1-$3" "$4"
	ln -sf "$1-$3" "$folder/bin/$1"
}
build pebble github.com/canonical/pebble "$pebble" github.com/canonical/pebble/cmd/pebble
build process-compose github.com/f1bonacc1/process-compose "$process_compose" github.com/f1bonacc1/process-compose/src
echo "$folder"
