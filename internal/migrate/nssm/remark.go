package nssm

import (
	"fmt"
	"strconv"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Remark is what the user should know of one setting: it has no counterpart, or the counterpart behaves differently. It
// never holds the value of a variable of the environment nor an argument, either of which may be a secret.
type Remark struct {
	Setting string // its name in the registry, such as AppAffinity
	Text    string // what it means for the user and what to do, one line
}

func (r Remark) String() string { return r.Setting + ": " + r.Text }

// note adds a remark.
func (c *conversion) note(setting, format string, args ...any) {
	c.remarks = append(c.remarks, Remark{Setting: printable(setting), Text: printable(fmt.Sprintf(format, args...))})
}

// printable makes s one line that a comment and a terminal can show.
func printable(s string) string {
	clean := plaintext.Line(s)
	const most = 600
	if r := []rune(clean); len(r) > most {
		clean = string(r[:most]) + "…"
	}
	return clean
}

// seconds writes milliseconds as seconds.
func seconds(ms uint64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }
