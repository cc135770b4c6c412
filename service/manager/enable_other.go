//go:build !linux && !windows

package manager

import "context"

func enableService(_ context.Context, _ Manager, name string, _ StartType) error {
	return unsupported("enabling", name)
}
