package manager

func needsPassword(string) bool { return false }
