package memory

func unmapExecutable() {}
