package main

import (
	_ "embed" // the script
	"strings"
)

// installScript installs a release on Linux. It holds the key that the release is signed with.
//
//go:embed scripts/install.sh
var installScript string

// scripts adds what installs the release by one line, for a signed release only: without a key there is nothing to check it with.
func (r release) scripts(made map[string][]byte) {
	if r.key == nil {
		return
	}
	fill := strings.NewReplacer("@VERSION@", r.version, "@KEY@", r.key.Public(), "@URL@", strings.TrimSuffix(r.address(""), "/"))
	made["install.sh"] = []byte(fill.Replace(installScript))
}
