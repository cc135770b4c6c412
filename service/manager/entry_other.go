//go:build !linux && !windows

package manager

import "context"

func readEntry(_ context.Context, _ Manager, name string) (Entry, error) {
	return Entry{}, unsupported("reading", name)
}

func restoreEntry(_ context.Context, _ Manager, e Entry, _ Password) error {
	return unsupported("restoring", e.Name)
}

func mayRestore(_ context.Context, _ Manager, name string) error {
	return unsupported("restoring", name)
}
