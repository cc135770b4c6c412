package install

import "strings"

// UsageError is a mistake of whoever asks for an installation: flags that don't go together, or a value that can't be.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// DefinitionError is a definition that can't be read or has mistakes. Its text names each of them with its place, a line each.
type DefinitionError struct{ Err error }

func (e *DefinitionError) Error() string { return e.Err.Error() }
func (e *DefinitionError) Unwrap() error { return e.Err }

// UnsafeError is a service that can't be installed as it is. Its text is a list, each reason on a line of its own.
type UnsafeError struct{ Reasons error }

func (e *UnsafeError) Error() string {
	return "  " + strings.ReplaceAll(e.Reasons.Error(), "\n", "\n  ")
}
func (e *UnsafeError) Unwrap() error { return e.Reasons }

// CompanionError is what went wrong with something that belongs beside the service.
type CompanionError struct {
	Companion string // "event source"
	Err       error
}

func (e *CompanionError) Error() string { return "its " + e.Companion + ": " + e.Err.Error() }
func (e *CompanionError) Unwrap() error { return e.Err }
