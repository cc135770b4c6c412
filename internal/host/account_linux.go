package host

func needsPassword(string) bool { return false }
