// Package unitfile writes and reads systemd's unit files: quoting, comparing, and replacing a file as a whole.
package unitfile

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mark is the first line of every unit file that daruma writes: only a file with it may be replaced or removed.
const Mark = "# Managed by daruma."

// Directive is one "Key=Value" of a unit file; the value as it is written there.
type Directive struct{ Section, Key, Value string }

// Unit is what a unit file says, in order.
type Unit []Directive

// Add appends a directive, unless the value is empty.
func (u *Unit) Add(section, key, value string) {
	if value != "" {
		*u = append(*u, Directive{section, key, value})
	}
}

// AddTime appends a time span, unless it is 0 or less.
func (u *Unit) AddTime(section, key string, d time.Duration) {
	if d > 0 {
		u.Add(section, key, Time(d))
	}
}

// Get is the last value of a key, which is the one that counts in settings of one value.
func (u Unit) Get(section, key string) string {
	for _, d := range slices.Backward(u) {
		if d.Section == section && d.Key == key {
			return d.Value
		}
	}
	return ""
}

// Text is the file's text. The comment stands behind the mark, and a checksum of the settings in the next line.
func (u Unit) Text(comment string) string {
	var b strings.Builder
	section := ""
	for _, d := range u {
		if d.Section != section {
			section = d.Section
			fmt.Fprintf(&b, "\n[%s]\n", section)
		}
		fmt.Fprintf(&b, "%s=%s\n", d.Key, d.Value)
	}
	return fmt.Sprintf("%s %s\n%s%s\n%s", Mark, comment, checksumMark, checksum(b.String()), b.String())
}
