package launch

// MissingDrive is for Windows.
func MissingDrive(string) string { return "" }
