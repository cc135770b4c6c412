//go:build !linux && !windows

package manager

func registerEventSource(name, _ string) error { return unsupported("registering", name) }

func unregisterEventSource(name string) error { return unsupported("unregistering", name) }

func checkEventSource(name, _ string) ([]string, error) { return nil, unsupported("checking", name) }
