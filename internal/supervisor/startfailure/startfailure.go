// Package startfailure says why a program couldn't be started, where the system's own words name the wrong thing: "no such file or
// directory" for a script whose interpreter is missing, "permission denied" for a folder that the program's user may not enter.
//
// It looks only after a start has failed, so that a start that works costs nothing, and in the supervisor: that process may read what the
// program's user wrote, and is confined (docs/security.md). The keeper passes on the step and the error number, and reads no file.
package startfailure

import (
	"strings"

	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Attempted tells whether the keeper's reason is the system's answer to the attempt to start a program: only there is more to be found.
func Attempted(reason string) bool {
	return strings.HasPrefix(reason, launch.StartingStep) || strings.HasPrefix(reason, launch.EnteringStep)
}

// Explain gives the reason why the plan's start failed: the keeper's own, and where more can be found out, what is wrong and what to do
// about it. It reads at most the beginning of the executable. What it quotes of a file is one line that begins with #!, and a path.
func Explain(p *launch.Plan, reason string) string {
	for _, errno := range causes() {
		switch reason { // the keeper passes on a text, with the error's number in words
		case (&launch.Error{Step: launch.StartingStep + p.Path, Errno: errno}).Error():
			if why := explain(p, errno); why != "" {
				return launch.StartingStep + p.Path + ": " + plaintext.Line(why)
			}
		case (&launch.Error{Step: launch.EnteringStep + p.Dir, Errno: errno}).Error():
			if why := explainFolder(p, errno); why != "" {
				return launch.EnteringStep + p.Dir + ": " + plaintext.Line(why)
			}
		}
	}
	return reason
}

// start is the beginning of an executable.
type start struct {
	bytes  []byte
	script string // the line behind #!, without its end; "": it isn't a script
	crlf   bool   // that line ends with CR LF
}

// maxStart is how much of an executable is read, in bytes. Linkers put an ELF's program headers and the name of its loader in there.
const maxStart = 4096

func startOf(data []byte) start {
	s := start{bytes: data}
	text, is := strings.CutPrefix(string(data), "#!")
	if !is {
		return s
	}
	const maxLine = 255 // the kernel reads 256 bytes (BINPRM_BUF_SIZE)
	line, _, whole := strings.Cut(text, "\n")
	if !whole || len(line) > maxLine {
		line = line[:min(len(line), maxLine)]
	}
	line, s.crlf = strings.CutSuffix(line, "\r")
	s.script = strings.Trim(line, " \t")
	return s
}

// interpreter is the path of a script's.
func (s start) interpreter() string {
	path, _, _ := strings.Cut(strings.ReplaceAll(s.script, "\t", " "), " ")
	return path
}

// isBinary tells whether the file begins with what no text has.
func (s start) isBinary() bool {
	for _, b := range s.bytes[:min(len(s.bytes), 512)] {
		if b == 0 {
			return true
		}
	}
	return false
}

const byteOrderMark = "\ufeff"
