// Package store keeps the releases of a service on this machine, and writes down what a deploy is about to do before it does it.
//
// Everything is in the service's config folder:
//
//	daruma.yaml            the definition of the current release, with a line that says where its files are; written by deploys alone
//	releases/VERSION/      a release's files, whole and read-only; conf/ as it was merged for this machine
//	releases/state.json    which release is current, what became of each, and the deploy that is under way
//	releases/back.yaml     the definition of the release that a deploy under way would go back to
//	backups/VERSION/       what the definition names, as it was before that release was put in force; --1 of an earlier try
//	conf/                  the machine's own configuration, which stands above the packages' defaults
//	release-keys           the public keys of those whose releases are taken, a line each
//
// No link says which release is current: Windows doesn't let everybody make one, and what holds a file open there, a virus scanner for
// example, keeps one from being replaced. Nothing that runs is ever renamed.
//
// Every change is a rename of a file or folder that was brought to the disk before. So after a power cut each of them has happened or
// hasn't, and state.json says how far the deploy had come.
package store
