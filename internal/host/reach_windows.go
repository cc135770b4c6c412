package host

func unreachable(string, string, bool) error { return nil }
