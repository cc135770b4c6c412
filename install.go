package daruma

// Install is what the verb install asks of the system.
type Install struct {
	// Arguments are appended to the command line, see Host.Arguments.
	Arguments []string
	// DependsOn are the names of services that must run first.
	DependsOn []string
}
