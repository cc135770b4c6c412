#!/usr/bin/env bash
# pipeline.sh takes a service from its source to its machines, a step at a time, in any CI system or by hand:
#
#   build → test → scan → pack → staging → probe → approve → production (a host at a time, each watched) → roll back by itself
#
# Copy it, and change the settings. A step that fails ends with another exit code than 0, and says what to do next.
set -euo pipefail # and ${a[@]+"${a[@]}"}, because bash before 4.4 takes an empty list for an unset one

# ---- Settings, each from the environment ----
: "${NAME:=shop}"                      # the service, as its daruma.yaml has it
: "${VERSION:=}"                       # of the release; the tag of the commit where it is empty
: "${FOLDER:=release}"                 # what is packed: bin/, conf/, daruma.yaml
: "${BUILD:=go build -trimpath -o $FOLDER/bin/ .}"
: "${TEST:=go test ./...}"
: "${SCAN:=go vet ./...}"              # and your scanner of dependencies: go run golang.org/x/vuln/cmd/govulncheck@latest ./...
: "${TARGET_OS:=linux}" "${TARGET_ARCH:=amd64}"
: "${SIGN_KEY:=}"                      # the file of a minisign key; its password in the variable that SIGN_PASSWORD_ENV names
: "${SIGN_PASSWORD_ENV:=}"
: "${STAGING:=}"                       # hosts, as ssh knows them, with blanks between them
: "${PRODUCTION:=}"                    # the first one is the canary
: "${PROBE:=}"                           # a command that is run on the host; 0: the service does what it should. daruma status where it is empty
: "${MIN_READY_SECONDS:=10}"           # how long a release must be ready without a fall, on each host
: "${WATCH_SECONDS:=300}"              # how long each host is watched before the next one's turn; at least 1
: "${APPROVED_BY:=}"                   # who let it go to production; CI systems set it from their own approval
: "${REMOTE_DARUMA:=daruma}"            # how it is called on the hosts: "sudo -n daruma" for an installed service
: "${SSH:=ssh -o BatchMode=yes}" "${SCP:=scp -q -o BatchMode=yes}" "${DARUMA:=daruma}"

: "${PROBE:=$REMOTE_DARUMA status $NAME}"

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
fail() { say "$*" >&2; exit 1; }

version() {
  if [[ -z $VERSION ]]; then
    VERSION=$(git describe --tags --exact-match 2>/dev/null) || fail "VERSION is empty, and no tag stands at this commit: git tag v1.2.3"
  fi
  VERSION=${VERSION#v}
  package="$NAME-$VERSION-$TARGET_OS-$TARGET_ARCH.zip"
}

# remote HOST COMMAND: runs it there. ssh hands one text to the other side's shell.
# shellcheck disable=SC2086 # SSH is a command with its options
remote() { $SSH "$1" "$2" </dev/null; }

# deploy_to HOST: the release is in force there and has stood for MIN_READY_SECONDS, or the one before is.
# shellcheck disable=SC2086
deploy_to() {
  local host=$1 folder unsigned=--unsigned files=("$package") code=0
  if has_it "$host"; then
    say "$host has $VERSION already"
    return
  fi
  if [[ -e $package.minisig ]]; then
    files+=("$package.minisig")
    unsigned=
  fi
  if ! folder=$(remote "$host" 'mktemp -d') || ! $SCP "${files[@]}" "$host:$folder/"; then
    say "$host can't be reached, or takes no files"
    return 1
  fi
  remote "$host" "$REMOTE_DARUMA deploy $folder/$package $unsigned --min-ready-seconds $MIN_READY_SECONDS" || code=$?
  remote "$host" "rm -rf $folder" || true
  return "$code"
}

# has_it HOST: the release is in force there, whoever put it there: an earlier run of this step, or a deploy that went on when ssh broke off.
has_it() {
  local said
  said=$(remote "$1" "$REMOTE_DARUMA releases $NAME -o json") || return
  grep -q "\"current\": \"$VERSION\"" <<<"$said"
}

# roll_back HOST...: all of them have the release before again.
roll_back() {
  local host left=()
  for host; do
    say "$host: back to the release before"
    remote "$host" "$REMOTE_DARUMA rollback $NAME" || left+=("$host")
  done
  ((${#left[@]} == 0)) || fail "NOT rolled back: ${left[*]}. There: daruma rollback $NAME"
}

# where says which hosts have the release.
where() {
  local host have=() unknown=()
  for host in $PRODUCTION; do
    if ! remote "$host" true; then
      unknown+=("$host")
    elif has_it "$host"; then
      have+=("$host")
    fi
  done
  if ((${#have[@]} == 0)); then printf 'no host has it now'; else printf 'it is still on: %s' "${have[*]}"; fi
  if ((${#unknown[@]})); then printf ', as far as hosts answer; these do not: %s' "${unknown[*]}"; fi
}

# watch HOST: nothing falls for WATCH_SECONDS, and the probe goes on to succeed. A fall counts though the program stands again.
watch() {
  local host=$1 begin=$SECONDS
  while ((SECONDS - begin < WATCH_SECONDS)); do
    probe "$host" || return
    sleep "$((WATCH_SECONDS < 10 ? 1 : 5))"
  done
  remote "$host" "$REMOTE_DARUMA incidents $NAME --since $((SECONDS - begin))s -o json" | grep -q '"incidents": \[\]' && return
  say "$host: it fell while it was watched:"
  remote "$host" "$REMOTE_DARUMA incidents $NAME --since $((SECONDS - begin))s"
  return 1
}

# probe HOST
probe() {
  remote "$1" "$PROBE" >/dev/null && return
  say "$1: this failed there: $PROBE"
  return 1
}

# ---- Steps ----
step_build() { mkdir -p "$FOLDER/bin"; GOOS=$TARGET_OS GOARCH=$TARGET_ARCH bash -c "$BUILD"; }
step_test() { bash -c "$TEST"; }
step_scan() { bash -c "$SCAN"; }

# Secrets, broken definitions and missing programs are refused here: daruma pack looks for them.
step_pack() {
  version
  local sign=()
  [[ -z $SIGN_KEY ]] || sign=(--sign "$SIGN_KEY")
  [[ -z $SIGN_PASSWORD_ENV ]] || sign+=(--password-env "$SIGN_PASSWORD_ENV")
  "$DARUMA" pack "$FOLDER" --version "$VERSION" --os "$TARGET_OS" --arch "$TARGET_ARCH" -o "$package" ${sign[@]+"${sign[@]}"}
}

step_staging() {
  version
  [[ $STAGING ]] || fail "STAGING names no host"
  local host
  for host in $STAGING; do
    say "$host: deploys $package"
    deploy_to "$host" || fail "$host refused $VERSION or went back, for the reason above; production wasn't touched"
  done
}

step_probe() {
  local host
  for host in $STAGING; do probe "$host" || fail "$VERSION isn't fit for production; $host still has it: daruma rollback $NAME"; done
}

# A CI system stops before this step until somebody agrees. By hand, at a terminal, it is asked here.
step_approve() {
  version
  if [[ -z $APPROVED_BY && -t 0 ]]; then
    read -rp "Release $NAME $VERSION to: $PRODUCTION. Your name: " APPROVED_BY
  fi
  [[ $APPROVED_BY ]] || fail "nobody has approved $NAME $VERSION: set APPROVED_BY"
  say "$APPROVED_BY approved $NAME $VERSION"
}

# A host at a time. The first that refuses it, falls or fails its probe ends it, and all that have it go back.
step_production() {
  version
  [[ $PRODUCTION ]] || fail "PRODUCTION names no host"
  [[ $APPROVED_BY ]] || fail "nobody has approved $NAME $VERSION: set APPROVED_BY"
  local host have=()
  for host in $PRODUCTION; do
    say "$host: deploys $package"
    if ! deploy_to "$host"; then
      # A deploy goes on where ssh breaks off, and may keep the release.
      if has_it "$host"; then have=("$host" ${have[@]+"${have[@]}"}); fi
      roll_back ${have[@]+"${have[@]}"}
      fail "$VERSION didn't stand on $host, for the reason above; $(where)"
    fi
    have=("$host" ${have[@]+"${have[@]}"}) # the newest goes back first
    say "$host: watched for $WATCH_SECONDS s"
    if ! watch "$host"; then
      roll_back ${have[@]+"${have[@]}"}
      fail "$VERSION failed on $host while it was watched; $(where)"
    fi
  done
  say "$NAME $VERSION is in force on: $PRODUCTION"
}

step_rollback() {
  # shellcheck disable=SC2086
  roll_back $PRODUCTION
}

case ${1:-} in
  build | test | scan | pack | staging | probe | approve | production | rollback) "step_$1" ;;
  all) for step in build test scan pack staging probe approve production; do "step_$step"; done ;;
  *)
    echo "usage: pipeline.sh build|test|scan|pack|staging|probe|approve|production|rollback|all" >&2
    exit 2
    ;;
esac
