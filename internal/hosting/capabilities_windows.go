package hosting

// keepCapabilities: Windows has none; privileges are cut by the Service Control Manager, for programs too.
func keepCapabilities() error { return nil }
