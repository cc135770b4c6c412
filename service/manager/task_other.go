//go:build !linux && !windows

package manager

import "context"

func checkFallback(Fallback) error { return nil }

func registerTask(_ context.Context, _ Manager, f Fallback, _ bool) (Changes, error) {
	return Changes{}, unsupported("registering the fallback of", f.Name)
}

func unregisterTask(_ context.Context, _ Manager, name string) (Changes, error) {
	return Changes{}, unsupported("removing the fallback of", name)
}

func hasTask(_ context.Context, _ Manager, name string) (bool, error) {
	return false, unsupported("looking for the fallback of", name)
}
