#!/bin/sh
# Install daruma @VERSION@ on Linux:
#
#   curl -fsSL @URL@/install.sh | sudo sh
#
# The sums of the release are checked with the key below, the archive with the sums, and only then is anything unpacked. What runs isn't
# stopped: afterwards daruma upgrade --all has services take the new daruma.
#
# DARUMA_PREFIX   where to: the executables go to its bin (/usr/local)
# DARUMA_URL      another place with the files of this release
#
# It needs curl or wget, tar, sha256sum, and minisign or openssl 3 to verify the signature.
set -eu

version='@VERSION@'
public_key='@KEY@'

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

architecture() {
  case $(uname -s)/$(uname -m) in
    Linux/x86_64) echo amd64 ;;
    Linux/aarch64) echo arm64 ;;
    Linux/armv7* | Linux/armv8l) echo armv7 ;;
    *) fail "there is no daruma for $(uname -s) on $(uname -m); there is one for Linux on amd64, arm64 and armv7" ;;
  esac
}

download() {
  if has curl; then
    curl -fsSL --retry 3 -o "$folder/$1" "$url/$1"
  elif has wget; then
    wget -q -O "$folder/$1" "$url/$1"
  else
    fail "it needs curl or wget"
  fi || fail "$url/$1 can't be downloaded. Nothing was installed."
}

# verify_openssl does what minisign -V does (https://jedisct1.github.io/minisign, "Signature format"): Ed25519 of the file's BLAKE2b-512, and
# Ed25519 of that signature and the trusted comment.
verify_openssl() (
  # Each step says itself what follows from its failure: set -e doesn't hold in what || is asked about.
  cd "$folder" || exit 1
  printf '%s' "$public_key" | base64 -d >key || exit 1
  sed -n 2p SHA256SUMS.minisig | base64 -d >signature || exit 1
  sed -n 4p SHA256SUMS.minisig | base64 -d >global || exit 1
  # "ED" is a signature of the file's hash; the key's id must be that of the key.
  [ "$(head -c 2 signature)" = ED ] && [ "$(wc -c <signature)" -eq 74 ] && [ "$(wc -c <key)" -eq 42 ] || exit 1
  [ "$(tail -c +3 signature | head -c 8 | base64)" = "$(tail -c +3 key | head -c 8 | base64)" ] || exit 1
  # SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) is these 12 bytes and the key.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && tail -c 32 key; } >key.der || exit 1
  tail -c 64 signature >signed || exit 1
  openssl dgst -blake2b512 -binary SHA256SUMS >hash || exit 1
  { cat signed && sed -n 3p SHA256SUMS.minisig | tr -d '\n' | tail -c +18; } >commented || exit 1 # behind "trusted comment: "
  openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in hash -sigfile signed || exit 1
  openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in commented -sigfile global || exit 1
) >/dev/null 2>&1

verify() {
  if has minisign; then
    minisign -Vqm "$folder/SHA256SUMS" -P "$public_key" >/dev/null 2>&1
  elif has openssl && openssl version | grep -q '^OpenSSL [3-9]'; then
    verify_openssl
  else
    fail "it needs minisign, or openssl 3, to verify the release's signature: apt install minisign. Nothing was installed."
  fi || fail "the sums at $url aren't signed by daruma's key: the release was changed, or it isn't daruma's. Nothing was installed."
  # Else the signed sums of an older release would pass for this one's.
  [ "$(sed -n 3p "$folder/SHA256SUMS.minisig")" = "trusted comment: daruma $version" ] ||
    fail "the signature at $url is another release's than $version. Nothing was installed."
}

main() {
  url=${DARUMA_URL:-@URL@}
  url=${url%/}
  bin=${DARUMA_PREFIX:-/usr/local}/bin
  archive=daruma-$version-linux-$(architecture).tar.gz
  for program in tar sha256sum sed base64; do has "$program" || fail "it needs $program"; done
  mkdir -p "$bin" 2>/dev/null && [ -w "$bin" ] || fail "$bin can't be written to: run it as root (sudo sh), or set DARUMA_PREFIX to a folder of yours"

  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  download SHA256SUMS
  download SHA256SUMS.minisig
  verify
  download "$archive"
  grep "  $archive\$" "$folder/SHA256SUMS" >"$folder/sum" || fail "the release at $url has no $archive. Nothing was installed."
  (cd "$folder" && sha256sum -c sum >/dev/null 2>&1) || fail "$url/$archive isn't what was released: its sum is another. Nothing was installed."
  tar -xzf "$folder/$archive" -C "$folder" --no-same-owner

  for program in daruma daruma-observe; do
    # Beside it and renamed: a file that runs can't be written to, and at no time is there half of one.
    cp "$folder/${archive%.tar.gz}/$program" "$bin/.$program.new"
    chmod 755 "$bin/.$program.new"
    mv -f "$bin/.$program.new" "$bin/$program"
  done
  printf 'installed %s: %s\n' "$bin/daruma" "$("$bin/daruma" version)"
  case :$PATH: in
    *:"$bin":*) ;;
    *) printf '%s is not in PATH\n' "$bin" ;;
  esac
}

main "$@" # the last line: half of a download does nothing
