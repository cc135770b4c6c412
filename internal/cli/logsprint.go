package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// logPrinter prints lines.
type logPrinter struct {
	out        *bufio.Writer
	screen     screen.Screen
	json       bool
	whole      bool // a service, not one program of it
	prefix     bool // several programs: each line says whose it is
	only       string
	timestamps bool
	width      int
	inside     string // the program whose unfinished line the cursor stands in,
	generation int    // and its run, or nobodys

	clean func(dst, text []byte) []byte // makes text fit for a terminal; nil: the bytes are given
	buf   []byte                        // of clean
}

// nobodys is the run of a line whose run has ended: nothing goes on in it.
const nobodys = -1

func newLogPrinter(std IO, out *bufio.Writer, names []string, whole bool, flags logsFlags) *logPrinter {
	p := &logPrinter{out: out, screen: screen.Of(std.Out), json: *flags.output == formatJSON, timestamps: flags.timestamps}
	p.whole, p.prefix = whole, whole && len(names) > 1
	for _, name := range names {
		p.width = max(p.width, len(name))
	}
	switch {
	case !p.screen.Terminal || flags.raw:
	case p.json:
		p.clean = plaintext.JSON
	case p.screen.Colours:
		p.clean = plaintext.Coloured
	default:
		p.clean = plaintext.Caret
	}
	return p
}

func (p *logPrinter) print(l logread.Line) error {
	ended := l.RunEnded && len(l.Text) == 0 // within what was printed already
	if p.json {
		if ended {
			return nil
		}
		return p.printJSON(l)
	}
	if ended && p.inside != l.Program {
		return nil
	}
	if p.whole && !p.prefix { // a second program has begun to write
		p.prefix = p.only != "" && p.only != l.Program
		p.only = l.Program
	}
	goesOn := p.inside == l.Program && p.generation == l.Generation
	if p.inside != "" && !goesOn {
		p.out.WriteByte('\n') // another program's line stands unfinished
	}
	if !goesOn {
		p.begin(l)
	}
	p.write(l.Text)
	p.inside, p.generation = l.Program, l.Generation
	if l.RunEnded {
		p.generation = nobodys
	}
	if l.Partial && !(l.RunEnded && p.screen.Terminal) {
		return nil
	}
	p.inside = ""
	return p.out.WriteByte('\n')
}

// write prints what a program wrote.
func (p *logPrinter) write(text []byte) {
	if p.clean == nil {
		p.out.Write(text)
		return
	}
	text = bytes.TrimSuffix(text, []byte{'\r'}) // of Windows' end of a line
	p.buf = p.clean(p.buf[:0], text)
	p.out.Write(p.buf)
}

// end leaves a terminal's prompt on a line of its own. Where lines have something of ours before them, the last one is a whole line too.
func (p *logPrinter) end() error {
	if p.inside != "" && (p.screen.Terminal || p.prefix || p.timestamps) {
		p.out.WriteByte('\n')
	}
	return p.out.Flush()
}

// begin prints what stands before a line.
func (p *logPrinter) begin(l logread.Line) {
	if p.prefix {
		name := fmt.Sprintf("%-*s |", p.width, plaintext.Line(l.Program))
		p.out.WriteString(p.screen.Paint(programColour(l.Program), name))
		p.out.WriteByte(' ')
	}
	if p.timestamps {
		stamp := "-"
		if !l.Time.IsZero() {
			stamp = l.Time.Local().Format("2006-01-02T15:04:05.000000Z07:00")
		}
		p.out.WriteString(p.screen.Paint(screen.Dim, stamp))
		p.out.WriteByte(' ')
	}
}

// programColour gives a program always the same colour.
func programColour(name string) screen.Colour {
	colours := [...]screen.Colour{screen.Green, screen.Yellow, screen.Bold, screen.Red}
	sum := 0
	for _, c := range []byte(name) {
		sum = sum*31 + int(c)
	}
	return colours[uint(sum)%uint(len(colours))]
}

// printJSON prints the object as the log has it, or makes one of a text log's line.
func (p *logPrinter) printJSON(l logread.Line) error {
	if l.Raw != nil {
		p.write(l.Raw)
		return p.out.WriteByte('\n')
	}
	o := struct {
		Time       *time.Time `json:"@timestamp,omitempty"`
		Program    string     `json:"process.name"`
		Generation int        `json:"daruma.generation,omitempty"`
		Stream     string     `json:"daruma.stream,omitempty"`
		Message    string     `json:"message"`
		Base64     []byte     `json:"daruma.message_base64,omitempty"`
		Partial    bool       `json:"daruma.partial,omitempty"`
	}{Program: l.Program, Generation: l.Generation, Stream: l.Stream, Message: strings.ToValidUTF8(string(l.Text), "\ufffd"), Partial: l.Partial}
	if !l.Time.IsZero() {
		utc := l.Time.UTC()
		o.Time = &utc
	}
	if o.Message != string(l.Text) {
		o.Base64 = l.Text
	}
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	p.write(b)
	return p.out.WriteByte('\n')
}
