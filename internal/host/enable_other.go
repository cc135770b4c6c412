//go:build !linux && !windows

package host

import "context"

func enableService(_ context.Context, _ Manager, name string, _ StartType) error {
	return unsupported("enabling", name)
}
