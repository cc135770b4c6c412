package wine

func running() bool { return false }
