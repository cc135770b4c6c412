package screen

import (
	"io"
	"os"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// guarded is a terminal that is shown texts and colours, and nothing that it would obey.
type guarded struct {
	terminal *os.File
	colours  bool
}

// Guard gives a writer for what others wrote: answers of a socket, files of the service's account, definitions, and errors that quote
// them. On a terminal it shows escape sequences and the like instead of passing them on, see [plaintext.Coloured]. Each Write must
// end with a whole character. Everything else than a terminal is given back as it is: a pipe and a file get the bytes.
//
// This is the net under all verbs. It can't know where a line should end: one-line texts take [plaintext.Line].
func Guard(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(f) {
		return w
	}
	return guarded{f, Of(f).Colours}
}

// Write writes all of p, or gives an error.
func (g guarded) Write(p []byte) (int, error) {
	clean := plaintext.Caret
	if g.colours {
		clean = plaintext.Coloured
	}
	if _, err := g.terminal.Write(clean(nil, p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Unguarded is the writer behind the guard, for sequences of our own that move the cursor, and for who is asked for the bytes.
func Unguarded(w io.Writer) io.Writer {
	if g, ok := w.(guarded); ok {
		return g.terminal
	}
	return w
}
