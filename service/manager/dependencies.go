package manager

import "context"

// MissingDependencies gives those of names, in the words of [Spec].DependsOn, that the service manager doesn't have. systemd starts a service
// without them, and in no order with what it meant; the SCM refuses to start it (ERROR_SERVICE_DEPENDENCY_DELETED, 1075). Everybody
// may ask. Errors: ErrUnsupported.
func (m Manager) MissingDependencies(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	return missingDependencies(ctx, m, names)
}
