package host

import (
	"fmt"
	"os"
)

func protect(_ string, p Places, dryRun bool) ([]Change, error) {
	if exists(p.State) {
		return nil, nil
	}
	if !dryRun {
		if err := os.MkdirAll(p.State, 0o700); err != nil {
			return nil, fmt.Errorf("creating the service's folder: %w", err)
		}
	}
	return []Change{{Setting: "folder " + p.State, To: "created"}}, nil
}
