package manager

import "context"

func noEntry(op, name string) error {
	return &Error{Op: op, Name: name, Kind: ErrUnsupported, Detail: "entries of the Service Control Manager are on Windows alone"}
}

func readEntry(_ context.Context, _ Manager, name string) (Entry, error) {
	return Entry{}, noEntry("reading", name)
}

func restoreEntry(_ context.Context, _ Manager, e Entry, _ Password) error {
	return noEntry("restoring", e.Name)
}

func mayRestore(_ context.Context, _ Manager, name string) error { return noEntry("restoring", name) }
