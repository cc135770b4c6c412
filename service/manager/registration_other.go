//go:build !linux && !windows

package manager

import "context"

func registration(_ context.Context, _ Manager, name string) (Registration, error) {
	return Registration{}, unsupported("reading", name)
}
