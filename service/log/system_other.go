//go:build !linux && !windows

package log

// openSystem gives nil: these systems have no log that the handler knows.
func (o Options) openSystem(lineOutput) *systemOutput { return nil }
