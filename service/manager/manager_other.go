//go:build !linux && !windows

package manager

import "context"

func unsupported(op, name string) error {
	return &Error{Op: op, Name: name, Kind: ErrUnsupported, Detail: "daruma installs services on Windows and Linux",
		Remedy: "run the service itself, in a terminal or under the system's own service manager"}
}

func installService(_ context.Context, _ Manager, spec Spec, _ bool) (Changes, error) {
	return Changes{}, unsupported("installing", spec.Name)
}

func uninstallService(_ context.Context, _ Manager, name string) (Changes, error) {
	return Changes{}, unsupported("uninstalling", name)
}

func startService(_ context.Context, _ Manager, name string) error {
	return unsupported("starting", name)
}
func stopService(_ context.Context, _ Manager, name string) error {
	return unsupported("stopping", name)
}

func restartService(_ context.Context, _ Manager, name string) error {
	return unsupported("restarting", name)
}

func serviceStatus(_ context.Context, _ Manager, name string) (Status, error) {
	return Status{}, unsupported("asking for", name)
}

func missingDependencies(context.Context, Manager, []string) ([]string, error) {
	return nil, unsupported("looking for dependencies of", "services")
}

func checkName(string) error       { return nil }
func checkDependency(string) error { return nil }
func checkSystem(Spec) error       { return nil }
func needsPassword(string) bool    { return false }

func mayInstall(_ context.Context, _ Manager, name string) error {
	return unsupported("installing", name)
}

func mayControl(_ context.Context, _ Manager, name string) error {
	return unsupported("controlling", name)
}
