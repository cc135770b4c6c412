package launchplan

// variableKey is equal for names of the same variable.
func variableKey(name string) string { return name }
