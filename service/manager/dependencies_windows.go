package manager

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sys/windows"
)

func missingDependencies(_ context.Context, m Manager, names []string) (missing []string, err error) {
	for _, name := range names {
		if strings.HasPrefix(name, "+") {
			continue // a group of services, which may be empty
		}
		s, err := openService(m, "looking for", name, windows.SERVICE_QUERY_STATUS)
		if errors.Is(err, ErrNotInstalled) {
			missing = append(missing, name)
			continue
		} else if err != nil && !errors.Is(err, ErrRights) { // it is there, and not for everybody to see
			return missing, err
		}
		if err == nil {
			s.close()
		}
	}
	return missing, nil
}
