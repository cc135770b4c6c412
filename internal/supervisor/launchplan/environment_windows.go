package launchplan

import "strings"

// variableKey is equal for names of the same variable: PATH and Path are one.
func variableKey(name string) string { return strings.ToUpper(name) }
