package manager

import (
	"fmt"
	"strings"
)

// Changes is what Install or Uninstall did, or Plan found to do.
type Changes struct {
	Created bool     `json:"created"` // the service wasn't there before
	Removed bool     `json:"removed"` // the service was there before
	Changed []Change `json:"changed"` // in the order they were made; for a new service all its settings
	Remarks []string `json:"remarks"` // what the reader should know: unsupported settings, a restart that is due …
	// Outdated: what differs comes from another version of this package, which wrote the unit, and nobody has changed it since. Linux only;
	// on Windows false, because the SCM doesn't tell who wrote its settings.
	Outdated bool `json:"outdated,omitempty"`
}

// Change is one setting that differed.
type Change struct {
	Setting string `json:"setting"` // Windows: as sc qc shows it, "BINARY_PATH_NAME". Linux: "Service.RestartSec"
	From    string `json:"from"`    // empty where it wasn't set
	To      string `json:"to"`      // empty where it no longer is
}

// None reports that nothing differed.
func (c Changes) None() bool { return !c.Created && !c.Removed && len(c.Changed) == 0 }

// String is a line per change: "Service.RestartSec: 1s → 5s".
func (c Change) String() string {
	switch {
	case c.From == "":
		return c.Setting + ": " + c.To
	case c.To == "":
		return c.Setting + ": " + c.From + " → (none)"
	}
	return c.Setting + ": " + c.From + " → " + c.To
}

// String is all changes and remarks, a line each.
func (c Changes) String() string {
	var b strings.Builder
	for _, change := range c.Changed {
		fmt.Fprintf(&b, "  %s\n", change)
	}
	for _, remark := range c.Remarks {
		fmt.Fprintf(&b, "  note: %s\n", remark)
	}
	return b.String()
}

func (c *Changes) remark(format string, args ...any) {
	c.Remarks = append(c.Remarks, fmt.Sprintf(format, args...))
}
