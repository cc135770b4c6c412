package cli

// rootServicesHint: on Windows all users share one folder of services.
func rootServicesHint(string) string { return "" }
