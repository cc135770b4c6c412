package tail

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Program is a program whose log is read.
type Program struct {
	*record.Source

	tail     *Tail
	dir      string
	from     logread.Position // where it goes on once it is open
	follower *logread.Follower
	retryAt  time.Time // it couldn't be read: not again before
	failed   string    // what was said of that
}

// Position is where the next record begins.
func (p *Program) Position() logread.Position {
	if p.follower == nil || p.follower.Position().Seq == 0 {
		return p.from
	}
	return p.follower.Position()
}

// Next makes r the next line; false: there is none now. It is valid until the next call.
func (p *Program) Next(now time.Time, r *record.Record) bool {
	if p.follower == nil && !p.open(now) {
		return false
	}
	for {
		line, at, ok, err := p.follower.Next()
		if err != nil {
			p.fail(now, err)
		}
		if !ok {
			return false
		}
		if line.RunEnded && len(line.Text) == 0 { // the end of a line that was given
			continue
		}
		*r = record.Record{Source: p.Source, At: at, Generation: line.Generation, Stream: line.Stream, Time: line.Time, Text: valid(line.Text),
			Partial: line.Partial, Lines: 1}
		return true
	}
}

// open opens the log where it was left.
func (p *Program) open(now time.Time) bool {
	if d := p.retryAt.Sub(now); d > 0 && d <= retryEvery {
		return false
	}
	f, err := logread.Follow(p.dir, p.Program, p.from, func(err error) {
		p.tail.o.Say(fmt.Sprintf("%s: %s", p.Service, plaintext.Line(err.Error())))
	})
	if err != nil {
		p.fail(now, err)
		return false
	}
	p.tail.say(&p.failed, p.what(), nil)
	p.follower = f
	return true
}

func (p *Program) what() string {
	return fmt.Sprintf("the log of %s/%s can't be read", p.Service, p.Program)
}

// fail closes the log, to be opened again later.
func (p *Program) fail(now time.Time, err error) {
	p.close()
	p.retryAt = now.Add(retryEvery)
	p.tail.say(&p.failed, p.what(), err)
}

func (p *Program) close() {
	if p.follower != nil {
		p.from = p.Position()
		p.follower.Close()
		p.follower = nil
	}
}

// valid gives text as UTF-8: what isn't becomes U+FFFD.
func valid(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		out, text = utf8.AppendRune(out, r), text[size:]
	}
	return out
}
