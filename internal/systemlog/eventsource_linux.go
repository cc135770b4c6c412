package systemlog

// The journal needs no registration of who writes to it.

func registerEventSource(_, _ string) error { return nil }

func unregisterEventSource(string) error { return nil }

func checkEventSource(_, _ string) ([]string, error) { return nil, nil }
